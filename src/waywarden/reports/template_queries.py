"""Response templates in words: when each speaks, and which two would speak at once."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from waywarden.bodies.models import ResponseTemplate
from waywarden.bodies.queries import automatic_templates
from waywarden.bodies.templates import Conflict, conflicts
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


def clashes_of(body_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """For each body a sentence about every two of its templates that would both speak."""
    return {
        body_id: tuple(in_words(one) for one in conflicts(templates))
        for body_id, templates in automatic_templates(body_ids).items()
    }


def clashes_with(row: ResponseTemplate) -> tuple[str, ...]:
    """The same, of one stored template."""
    if not row.pk:
        return ()
    found = conflicts(automatic_templates([row.body_id])[row.body_id])
    return tuple(in_words(one) for one in found if row.pk in (one.first.id, one.second.id))


def in_words(conflict: Conflict) -> str:
    """A conflict in a sentence."""
    what = [_("“%s”") % _NAMES.get(state, state) for state in conflict.states]
    what += [one if one == other else f"{one} / {other}" for one, other in conflict.codes]
    return _("“%(first)s” and “%(second)s” both speak for %(what)s; the first is used.") % {
        "first": conflict.first.title,
        "second": conflict.second.title,
        "what": ", ".join(what),
    }
