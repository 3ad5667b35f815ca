"""How the operator's admin looks and what its menu holds (django-unfold)."""

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _item(title: Any, icon: str, page: str) -> dict[str, Any]:
    """One line of the menu; shown to those who may look at the page."""
    app, _under, model = page.partition("_")

    def may_look(request: Any) -> bool:
        return bool(request.user.has_perm(f"{app}.view_{model}"))

    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{page}_changelist"),
        "permission": may_look,
    }


def _coverage() -> dict[str, Any]:
    """What is missing, for whoever may look at bodies."""
    item = _item(_("What is missing"), "fmd_bad", "bodies_body")
    return item | {"link": reverse_lazy("admin:bodies_coverage")}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Waywarden admin"),
    "SITE_HEADER": "Waywarden",
    "SITE_SUBHEADER": _("for the operator"),
    "SITE_SYMBOL": "signpost",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .012 195)",
            "100": "oklch(94.5% .03 195)",
            "200": "oklch(89% .055 195)",
            "300": "oklch(81% .085 195)",
            "400": "oklch(70% .1 195)",
            "500": "oklch(58% .095 195)",
            "600": "oklch(47% .08 195)",
            "700": "oklch(41% .07 195)",
            "800": "oklch(35% .058 195)",
            "900": "oklch(30% .047 195)",
            "950": "oklch(22% .036 195)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": _("Who answers"),
                "items": [
                    _item(_("Bodies"), "account_balance", "bodies_body"),
                    _item(_("Categories"), "category", "bodies_category"),
                    _item(_("Questions of a site"), "quiz", "bodies_sitequestion"),
                    _coverage(),
                    _item(_("Response templates"), "chat", "bodies_responsetemplate"),
                    _item(_("Translations"), "translate", "bodies_translation"),
                    _item(_("Areas"), "map", "areas_area"),
                    _item(_("Layers"), "layers", "areas_layer"),
                    _item(_("Who may do what"), "rule", "reports_updaterule"),
                ],
            },
            {
                "title": _("Reports"),
                "items": [
                    _item(_("Reports"), "report", "reports_report"),
                    _item(_("Flags"), "flag", "reports_flag"),
                    _item(_("Deliveries"), "outbox", "sending_delivery"),
                    _item(_("Mails from bodies"), "mark_email_unread", "sending_answer"),
                ],
            },
            {
                "title": _("Bodies’ systems"),
                "items": [
                    {"title": _("The board"), "icon": "vital_signs", "link": "/staff/integration/"},
                    _item(_("Connections"), "cable", "connections_connection"),
                    _item(_("What was said"), "forum", "connections_exchange"),
                    _item(_("Polls"), "sync", "sync_pollrun"),
                    _item(_("How far they are read"), "schedule", "sync_cursor"),
                    _item(_("Rows set aside"), "inbox", "sync_setaside"),
                ],
            },
            {
                "title": _("People"),
                "items": [
                    _item(_("Users"), "person", "users_user"),
                    _item(_("Who works for a body"), "badge", "bodies_membership"),
                    _item(_("Groups"), "group", "auth_group"),
                    _item(_("Bans"), "block", "users_ban"),
                    _item(_("Who follows what"), "notifications", "notifications_alert"),
                    _item(_("Asked after four weeks"), "help", "notifications_questionnaire"),
                    _item(_("Mailed links"), "mail", "users_mailedlink"),
                    _item(_("API keys"), "key", "users_apikey"),
                ],
            },
            {
                "title": _("What happened"),
                "items": [
                    _item(_("Events"), "history", "events_event"),
                    _item(_("Changes in the admin"), "edit_note", "admin_logentry"),
                ],
            },
        ],
    },
}
