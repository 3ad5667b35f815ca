"""Writes to a body's response templates, by its own staff."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from waywarden.bodies.models import Category, ResponseTemplate
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel.errors import RuleBroken


def save_template(
    template: ResponseTemplate, *, categories: Collection[Category], by: Actor = NOBODY
) -> None:
    """Stores a template, new or changed, with its categories (none: all).

    Raises RuleBroken when the body has another of that title, or a category is another body's.
    """
    if any(category.body_id != template.body_id for category in categories):
        raise RuleBroken(_("This is a category of another body."), field="categories")
    try:
        with transaction.atomic():
            template.save()
            template.categories.set(categories)
            _note(template, "template.saved", by)
    except IntegrityError as error:
        words = _("There is another template with this title.")
        raise RuleBroken(words, field="title") from error


def delete_template(template: ResponseTemplate, *, by: Actor = NOBODY) -> None:
    """Takes a template away; what it said stays said."""
    with transaction.atomic():
        _note(template, "template.deleted", by)
        template.delete()


def _note(template: ResponseTemplate, kind: str, by: Actor) -> None:
    data = {"template": template.pk, "title": template.title}
    record(Fact(kind, "body", template.body_id, actor=by, data=data))
