"""Reading response templates: a body's automatic ones, their rules in words, a sample answered."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from waywarden.bodies.models import Body, ResponseTemplate
from waywarden.bodies.queries import automatic_templates
from waywarden.bodies.templates import Conflict, Said, Spoken, conflicts, speak
from waywarden.reports.state_words import STATE_CHOICES

_NAMES = dict(STATE_CHOICES)


def rule_in_words(row: ResponseTemplate) -> str:
    """When a template speaks, in one sentence."""
    if not row.is_automatic:
        return _("Waits for staff to pick it.")
    reasons = []
    if row.states:
        names = _or(_("“%s”") % _NAMES.get(state, state) for state in row.states)
        reasons.append(_("the state becomes %s") % names)
    if row.external_codes:
        codes = _or(_code_in_words(code) for code in row.external_codes)
        reasons.append(_("the body’s code is %s") % codes)
    if not reasons:
        return _("Never speaks: it has no state and no external code.")
    categories = ", ".join(category.name for category in row.categories.all())
    if categories:
        return _("When %(reasons)s, for %(categories)s.") % {
            "reasons": _or(reasons),
            "categories": categories,
        }
    return _("When %s, for every category.") % _or(reasons)


def _or(parts: Iterable[str]) -> str:
    return _(" or ").join(parts)


def _code_in_words(code: str) -> str:
    words = {"*": _("anything"), "+": _("anything but nothing")}
    return ", ".join(words.get(part, part or _("nothing")) for part in code.split(","))


def conflicts_of(body_id: int) -> tuple[Conflict, ...]:
    """The body's automatic templates that would both speak for one row."""
    return tuple(conflicts(automatic_templates([body_id])[body_id]))


def conflicts_in_words(body_id: int, *, about: int | None = None) -> Iterator[str]:
    """The same in sentences; `about` leaves in those of one template."""
    for conflict in conflicts_of(body_id):
        if about in (None, conflict.first.id, conflict.second.id):
            yield in_words(conflict)


def in_words(conflict: Conflict) -> str:
    """A conflict in a sentence."""
    what = [_("“%s”") % _NAMES.get(state, state) for state in conflict.states]
    what += [one if one == other else f"{one} / {other}" for one, other in conflict.codes]
    return _("“%(first)s” and “%(second)s” both speak for %(what)s; the first is used.") % {
        "first": conflict.first.title,
        "second": conflict.second.title,
        "what": ", ".join(what),
    }


def answer_to(body: Body, said: Said) -> Spoken:
    """What people would read if the body's system said this."""
    return speak(automatic_templates([body.pk])[body.pk], said)
