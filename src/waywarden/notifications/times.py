"""When news is mailed: at once, in the morning, on Monday morning. Pure but for the time zone."""

from datetime import datetime, timedelta

from django.utils import timezone

from waywarden.users.frequency import Frequency

#: The hour at which digests go out, on the clock of the site.
HOUR = 7


def due_at(frequency: str, moment: datetime) -> datetime:
    """When something that happened at `moment` is mailed."""
    if frequency == Frequency.INSTANT:
        return moment
    local = timezone.localtime(moment)
    morning = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if morning <= local:
        morning += timedelta(days=1)
    if frequency == Frequency.WEEKLY:
        morning += timedelta(days=-morning.weekday() % 7)
    return morning
