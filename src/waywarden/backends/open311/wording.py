"""A report and an update as an Open311 server is told of them (open311.md 2.4, 2.8). Pure."""

from waywarden.backends.contract import OutgoingPhoto, OutgoingReport, OutgoingUpdate, Person
from waywarden.backends.open311.options import Open311Options
from waywarden.geo.points import Point
from waywarden.geo.projections import to_grid
from waywarden.kernel.errors import Refused
from waywarden.kernel.text import shorten
from waywarden.open311 import statuses
from waywarden.open311.types import NewRequest, NewUpdate, Upload

#: The attribute that carries our report's number, unless the category names another.
OUR_ID = "fixmystreet_id"
#: The longest description that a server must take (open311.md 1).
LONGEST = 4000


def our_id_field(report: OutgoingReport) -> str:
    """The attribute that carries our report's number."""
    return report.id_field or OUR_ID


def new_request(report: OutgoingReport, options: Open311Options) -> NewRequest:
    """POST requests for a report. Raises Refused where its place is outside of the grid."""
    lat, long = _place(report, options)
    address = ""
    if not (report.is_placed or options.always_latlong) and report.nearest_address:
        lat, long, address = None, None, report.nearest_address
    first_name, last_name = _names(report.person)
    urls, uploads = _photos(report.photos, options, is_private=report.is_private)
    return NewRequest(
        service_code=report.service_code,
        lat=lat,
        long=long,
        address_string=address,
        attributes=_attributes(report, options),
        email=_email(report.person, options),
        first_name=first_name,
        last_name=last_name,
        phone=report.person.phone,
        description=description_of(report, options),
        media_urls=urls,
        uploads=uploads,
        idempotency_key=report.key,
    )


def new_update(update: OutgoingUpdate, options: Open311Options) -> NewUpdate:
    """POST servicerequestupdates for an update. Raises Refused without the body's number."""
    if not update.external_id:
        message = "The body gave the report no number, so it cannot be told of updates."
        raise Refused(message)
    first_name, last_name = _names(update.person)
    is_private = any(not photo.url for photo in update.photos)
    urls, uploads = _photos(update.photos, options, is_private=is_private)
    return NewUpdate(
        service_request_id=update.external_id,
        update_id=str(update.update_id),
        status=statuses.wire_for(
            update.state,
            extended=options.extended_statuses,
            table=options.statuses_sent,
            reopens=update.reopens and options.send_reopen,
        ),
        updated_datetime=update.created_at,
        description=shorten(update.text, LONGEST),
        first_name=first_name,
        last_name=last_name,
        email=_email(update.person, options),
        phone=update.person.phone,
        title=update.title,
        service_code=update.service_code,
        media_urls=urls,
        uploads=uploads,
        idempotency_key=update.key,
    )


def description_of(report: OutgoingReport, options: Open311Options) -> str:
    """The description in the connection's style, at most 4,000 characters; the link stays whole."""
    if options.description_style == "plain":
        return shorten(report.description or report.title, LONGEST)
    end = f"\n\nurl: {report.report_url}"
    text = f"title: {report.title}\n\ndetail: {report.description}"
    return shorten(text, LONGEST - len(end)) + end


def _place(report: OutgoingReport, options: Open311Options) -> tuple[float | None, float | None]:
    """`lat` and `long`: degrees, or northing and easting where the server wants a grid."""
    if options.coordinates == "degrees":
        return report.lat, report.lon
    easting, northing = _grid(report, options)
    return round(northing, 2), round(easting, 2)


def _grid(report: OutgoingReport, options: Open311Options) -> tuple[float, float]:
    try:
        return to_grid(Point(report.lat, report.lon), options.projection)
    except ValueError as error:
        message = f"The place lies outside of {options.projection}."
        raise Refused(message) from error


def _attributes(report: OutgoingReport, options: Open311Options) -> dict[str, tuple[str, ...]]:
    """The answers, our number, and what the service's definition asks the sender to fill."""
    filled = {code: _server_set(code, report, options) for code in report.server_set}
    filled[our_id_field(report)] = str(report.report_id)
    return {**report.answers, **{code: (value,) for code, value in filled.items() if value}}


def _server_set(code: str, report: OutgoingReport, options: Open311Options) -> str:
    """The value of one attribute that nobody is asked for; "" when we do not know it."""
    if code in ("easting", "northing"):
        easting, northing = _grid(report, options)
        return str(round(easting if code == "easting" else northing))
    known = {
        OUR_ID: str(report.report_id),
        "closest_address": report.nearest_address,
        "report_url": report.report_url,
        "title": report.title,
        "description": report.description,
        "category": report.category,
        "group": report.group,
        "external_id": report.external_id,
    }
    return known.get(code) or report.known.get(code, "")


def _names(person: Person) -> tuple[str, str]:
    if person.is_body:
        return person.name.strip(), ""
    first, _, last = person.name.strip().partition(" ")
    return first, last.strip()


def _email(person: Person, options: Open311Options) -> str:
    return person.email or (options.substitute_email if options.requires_email else "")


def _photos(
    photos: tuple[OutgoingPhoto, ...], options: Open311Options, *, is_private: bool
) -> tuple[tuple[str, ...], tuple[Upload, ...]]:
    """Links, or the photos themselves; those of a private report are never linked."""
    if is_private or options.photos == "upload":
        return (), tuple(
            Upload(
                name=f"photo{number}",
                filename=photo.filename,
                content_type=photo.content_type,
                data=photo.read(),
            )
            for number, photo in enumerate(photos, start=1)
        )
    urls = tuple(photo.url for photo in photos if photo.url)
    return urls[:1] if options.photos == "one_url" else urls, ()
