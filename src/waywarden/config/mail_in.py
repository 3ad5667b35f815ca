"""A mail that came in, to whoever it is for: an alert's bounce stops it, the rest is sending's."""

from collections.abc import Sequence

from waywarden.notifications.alert_services import stop_bounced_alert
from waywarden.notifications.return_paths import alert_of
from waywarden.sending import answer_services
from waywarden.sending.mail_reading import Incoming, read


def file(raw: bytes, *, recipients: Sequence[str] = ()) -> str:
    """Files a mail; what became of it, in words. `recipients` are those of its envelope."""
    incoming = read(raw)
    for address in (*recipients, *incoming.recipients):
        alert_id = alert_of(address)
        if alert_id is not None:
            return _about_alert(alert_id, incoming)
    answer = answer_services.take_in(raw, recipients=recipients)
    return f"{answer.get_kind_display()}: report {answer.report_id or '–'}"


def _about_alert(alert_id: int, incoming: Incoming) -> str:
    """For good is a bounce (FB 1.6); a full mailbox or an answer by itself changes nothing."""
    if not any(one.is_permanent for one in incoming.bounced):
        return f"nothing for good: alert {alert_id} goes on"
    stop_bounced_alert(alert_id)
    return f"bounce: alert {alert_id} is stopped"
