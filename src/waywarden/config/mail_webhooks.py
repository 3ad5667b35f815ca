"""What a mail provider tells: mail that came in, and mail that did not arrive.

django-anymail speaks the providers' ways and tells of them by its own signals; this is the one
place that listens.
"""

from typing import Any

from anymail.signals import inbound, tracking

from waywarden.sending import answer_services


def install() -> None:
    """Listens from now on; called once when the site starts."""
    inbound.connect(_came_in, dispatch_uid="waywarden")
    tracking.connect(_told, dispatch_uid="waywarden")


def _came_in(event: Any, **_named: Any) -> None:
    recipient = event.message.envelope_recipient
    answer_services.take_in(event.message.as_bytes(), recipients=[recipient] if recipient else [])


def _told(event: Any, **_named: Any) -> None:
    if event.event_type not in ("bounced", "rejected", "failed"):
        return
    answer_services.note_bounce(
        str((event.metadata or {}).get("delivery", "")),
        address=event.recipient or "",
        words=" ".join(str(event.description or event.reject_reason or "").split())[:300],
        is_permanent=event.event_type == "rejected"
        or event.reject_reason in ("bounced", "invalid"),
    )
