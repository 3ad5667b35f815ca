"""What a mail provider tells: mail that came in, and mail that did not arrive.

django-anymail speaks the providers' ways and tells of them by its own signals; this is the one
place that listens.
"""

from typing import Any

from anymail.signals import inbound, tracking

from waywarden.config import mail_in
from waywarden.notifications.alert_services import stop_bounced_alert_of
from waywarden.sending import answer_services


def install() -> None:
    """Listens from now on; called once when the site starts."""
    inbound.connect(_came_in, dispatch_uid="waywarden")
    tracking.connect(_told, dispatch_uid="waywarden")


def _came_in(event: Any, **_named: Any) -> None:
    recipient = event.message.envelope_recipient
    mail_in.file(event.message.as_bytes(), recipients=[recipient] if recipient else [])


def _told(event: Any, **_named: Any) -> None:
    if event.event_type not in ("bounced", "rejected", "failed"):
        return
    told = event.metadata or {}
    is_permanent = event.event_type == "rejected" or event.reject_reason in ("bounced", "invalid")
    if "alert" in told:
        if is_permanent:
            stop_bounced_alert_of(str(told["alert"]))
        return
    answer_services.note_bounce(
        str(told.get("delivery", "")),
        address=event.recipient or "",
        words=" ".join(str(event.description or event.reject_reason or "").split())[:300],
        is_permanent=is_permanent,
    )
