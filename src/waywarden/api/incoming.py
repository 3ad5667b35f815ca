"""What a POST asks for, in the words of our rooms: a new report, a row about one."""

import base64
import uuid
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from waywarden.api.offers import categories_of
from waywarden.bodies.models import Body, Category
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line, shorten
from waywarden.open311 import types
from waywarden.reports.models import Report
from waywarden.reports.photo_services import MAX_PHOTOS
from waywarden.reports.services import NewReport, WrongAnswers
from waywarden.users.key_services import Key
from waywarden.users.models import ApiKey

#: A first line up to this is the title.
TITLE_LENGTH = 100
#: Our fields by the names they have on the wire.
_WIRE_NAMES = {
    "category": "service_code",
    "place": "lat",
    "title": "description",
    "detail": "description",
    "name": "first_name",
    "photo": "media_url",
}


def own_reference(new: types.NewRequest, key: Key) -> str:
    """The reference a body gives a problem of its own: the sender's number, with a body's key."""
    if key.body_id is None:
        return ""
    return one_line(next(iter(new.attributes.get("fixmystreet_id", ())), ""))[:200]


def report_of(
    new: types.NewRequest,
    *,
    category: Category,
    key: Key,
    born_at: Body | None,
    photo_keys: tuple[str, ...],
) -> NewReport:
    """The report that is to be made. Raises RuleBroken naming the parameter that is wrong.

    Of one that was born in a body's system the body is the author, and nobody is mailed.
    """
    if new.lat is None or new.long is None:
        message = "lat and long are missing: this server needs a place."
        raise RuleBroken(message)
    title, detail = title_and_detail(new, category)
    report = NewReport(
        title=title,
        detail=detail,
        category_name=category.name,
        lat=new.lat,
        lon=new.long,
        email="",
        name="",
        nearest_address=new.address_string,
        answers=new.attributes,
        photo_keys=photo_keys,
    )
    if born_at is not None:
        return replace(
            report,
            name=born_at.name,
            is_name_public=True,
            source=Report.Source.BACKEND,
            references={born_at.pk: own_reference(new, key)},
        )
    email = _email_of(new, key)
    name = one_line(f"{new.first_name} {new.last_name}")
    if not name:
        name = key.name if key.confirms == ApiKey.Confirms.AT_ONCE else email.partition("@")[0]
    return replace(report, email=email, name=name, phone=new.phone, source=Report.Source.API)


def _email_of(new: types.NewRequest, key: Key) -> str:
    if not new.email and key.confirms == ApiKey.Confirms.PERSON:
        message = "email is missing: the person confirms the report by mail."
        raise RuleBroken(message)
    if new.email:
        try:
            validate_email(new.email)
        except ValidationError as error:
            message = "email is no e-mail address."
            raise RuleBroken(message) from error
    return new.email


def title_and_detail(new: types.NewRequest, category: Category) -> tuple[str, str]:
    """A title: the one that was given, else the first line of the description."""
    given = one_line(next(iter(new.attributes.get("title", ())), ""))
    first, _mark, rest = new.description.strip().partition("\n")
    title, detail = given, new.description.strip()
    if not title:
        title = shorten(one_line(first), TITLE_LENGTH)
        if rest.strip() and len(first) <= TITLE_LENGTH:
            detail = rest.strip()
    if not title or "@" in title:
        title, detail = category.name, new.description.strip()
    return title, detail


def category_of(code: str, body_ids: tuple[int, ...] | None, *, offered: set[int]) -> Category:
    """The category of a service code, one that is offered at the place if there is one.

    Raises LookupError when the code is not known at all.
    """
    found = list(categories_of(body_ids).filter(slug=code).order_by("body_id"))
    if not found:
        raise LookupError(code)
    return next((one for one in found if one.pk in offered), found[0])


def in_wire_words(wrong: RuleBroken) -> str:
    """What is wrong, naming the parameter that it is about."""
    if isinstance(wrong, WrongAnswers):
        return " ".join(f"attribute[{code}]: {words}" for code, words in wrong.errors.items())
    name = _WIRE_NAMES.get(wrong.field, "")
    return f"{name}: {wrong}" if name else str(wrong)


def stand_ins(new: types.NewRequest) -> tuple[str, ...]:
    """Keys of photos that are not stored: in the sandbox they are only counted."""
    return tuple(str(uuid.uuid4()) for _one in (*new.uploads, *new.media_urls))[:MAX_PHOTOS]


def update_of(new: types.NewUpdate) -> types.ServiceRequestUpdate:
    """A pushed update as the row that a poll would have given; its files travel inside it."""
    inside = (
        f"data:{one.content_type};base64,{base64.b64encode(one.data).decode()}"
        for one in new.uploads
    )
    return types.ServiceRequestUpdate(
        update_id=new.update_id,
        service_request_id=new.service_request_id,
        status=new.status.lower(),
        updated_datetime=new.updated_datetime,
        description=new.description,
        media_urls=(*new.media_urls, *inside)[:MAX_PHOTOS],
        external_status_code=new.external_status_code,
        customer_reference=new.customer_reference,
        fixmystreet_id=new.fixmystreet_id,
        extras={code: ", ".join(values) for code, values in new.attributes.items()},
    )
