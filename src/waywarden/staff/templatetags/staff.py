"""Times and troubles in the words of the staff pages."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from waywarden.health import wording
from waywarden.health.verdicts import Level, Trouble
from waywarden.kernel import clock
from waywarden.sending import reasons
from waywarden.sending.models import Delivery
from waywarden.sending.queries import STUCK
from waywarden.webhooks.models import Call

register = template.Library()

#: States of a delivery that went wrong once and may mend.
LATE = (Delivery.State.WAITING, Delivery.State.UNKNOWN, Delivery.State.PENDING)
#: Bodies that are named on one line.
NAMED = 3

#: A shape for each level, so that colour is not all that tells them apart: a disc with a tick,
#: a triangle, a square standing on its corner with an exclamation mark.
_SHAPES = {
    Level.WELL: '<circle class="shape" cx="12" cy="12" r="9.5"/><path d="M7.5 12.4l3 3l6-6.4"/>',
    Level.WATCH: '<path class="shape" d="M12 2.5L22 20.5H2Z"/><path d="M12 9v5.5M12 17.2v.6"/>',
    Level.PERSON: '<path class="shape" d="M12 1.5L22.5 12L12 22.5L1.5 12Z"/>'
    '<path d="M12 7v6M12 16.4v.6"/>',
}


@register.simple_tag
def light(level: int, words: str = "") -> SafeString:
    """How a connection does: a shape and words; the level's own unless others are given."""
    found = Level(level)
    return format_html(
        '<span class="light light-{}"><svg viewBox="0 0 24 24" width="24" height="24"'
        ' aria-hidden="true">{}</svg><span>{}</span></span>',
        found.name.lower(),
        SafeString(_SHAPES[found]),
        words or wording.level_words(found),
    )


@register.simple_tag
def delivery_light(delivery: Delivery) -> SafeString:
    """The state of a delivery: a shape and words."""
    stuck, late = delivery.state in STUCK, delivery.state in LATE
    level = Level.PERSON if stuck else Level.WATCH if late else Level.WELL
    return light(level, str(delivery.get_state_display()).capitalize())


@register.simple_tag
def call_light(call: Call) -> SafeString:
    """How a message to a webhook stands: a shape and words."""
    is_late = call.state == Call.State.WAITING and call.attempts > 0
    level = Level.PERSON if call.state == Call.State.FAILED else Level(int(is_late))
    return light(level, str(call.get_state_display()).capitalize())


@register.filter
def in_words(trouble: Trouble) -> str:
    """What is wrong."""
    return wording.trouble_words(trouble)


@register.filter
def advice(trouble: Trouble) -> str:
    """What to do about it."""
    return wording.advice_for(trouble.kind)


@register.filter
def cause_words(cause: str) -> str:
    """The class of a failure."""
    return wording.cause_words(cause)


@register.filter
def why(delivery: Delivery) -> str:
    """Why it stands where it stands, in the reader's language."""
    return reasons.in_words(delivery.reason, delivery.why)


@register.filter
def cause_advice(cause: str) -> str:
    """What to do about a delivery that is stuck for it."""
    return wording.advice_for_cause(cause)


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago, or in how long: "3 minutes ago", "in 10 minutes"."""
    if moment is None:
        return _("never")
    now = clock.now()
    is_past = moment <= now
    if abs(moment - now) < timedelta(minutes=1):
        words = _("just now") if is_past else _("in a moment")
        return format_html('<time datetime="{}">{}</time>', _iso(moment), words)
    span = lasting(now - moment if is_past else moment - now)
    words = _("%s ago") % span if is_past else _("in %s") % span
    return format_html('<time datetime="{}">{}</time>', _iso(moment), words)


@register.simple_tag
def due(moment: datetime) -> SafeString | str:
    """In how long something is to happen; what should have happened already, in a moment."""
    return ago(max(moment, clock.now() + timedelta(seconds=1)))


def _iso(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat()


@register.filter
def lasting(span: timedelta | None) -> str:
    """How long: "3 minutes"."""
    if span is None:
        return ""
    if span < timedelta(minutes=1):
        return _("less than a minute")
    now = clock.now()
    return timesince(now - span, now, depth=1)


@register.simple_tag
def since(moment: datetime | None) -> str:
    """How long something has lasted."""
    return lasting(clock.now() - moment) if moment else ""


@register.filter
def seconds(value: float | None) -> str:
    """How long a call took."""
    if value is None:
        return ""
    if value < 0.05:
        return _("at once")
    return _("%.1f seconds") % value if value < 10 else _("%d seconds") % round(value)


@register.filter
def level_name(level: int) -> str:
    """The level as CSS names it."""
    return Level(level).name.lower()


@register.filter
def body_names(bodies: tuple[tuple[int, str], ...]) -> str:
    """The first bodies by name, and how many more there are."""
    names = [name for _id, name in bodies]
    if len(names) <= NAMED:
        return ", ".join(names)
    more = _("and %d more") % (len(names) - NAMED)
    return f"{', '.join(names[:NAMED])} {more}"
