"""What every staff page has: its menu, and who looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from waywarden.staff.access import Staff


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu; `name` is what a page says to be here, `url` the name of an address."""

    name: str
    url: str
    label: str | Promise
    for_operators: bool = False


#: The menu. A new page adds its line here and its address to `urls`.
MENU: tuple[Entry, ...] = (
    Entry("board", "staff:board", _("Connections")),
    Entry("deliveries", "staff:deliveries", _("Deliveries")),
    Entry("answers", "staff:answers", _("Mail")),
    Entry("aside", "staff:set-aside", _("Set aside")),
    Entry("shadow", "staff:shadow", _("In shadow")),
    Entry("alarms", "staff:alarms", _("Alarms")),
    Entry("services", "staff:service-lists", _("Service lists")),
    Entry("imports", "staff:imports", _("Imports")),
    Entry("templates", "staff:templates", _("Templates")),
    Entry("webhooks", "staff:webhooks", _("Webhooks")),
    Entry("unserved", "staff:unserved", _("Without a body"), for_operators=True),
)


def page(
    request: HttpRequest,
    staff: Staff,
    template: str,
    values: Mapping[str, Any],
    *,
    here: str,
    status: int = 200,
) -> HttpResponse:
    """A staff page with its menu; `here` is the name of its entry."""
    menu = [
        {"label": entry.label, "address": reverse(entry.url), "is_here": entry.name == here}
        for entry in MENU
        if staff.is_operator or not entry.for_operators
    ]
    return render(request, template, {"staff": staff, "menu": menu, **values}, status=status)
