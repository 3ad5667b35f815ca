"""Reading what happened."""

from django.db.models import QuerySet

from waywarden.events.models import Event


def history_of(subject_kind: str, subject_id: int) -> QuerySet[Event]:
    """The facts about one subject, oldest first."""
    return Event.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("id")
