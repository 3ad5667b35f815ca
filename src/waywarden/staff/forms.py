"""The forms of the staff pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body, Category
from waywarden.bodies.queries import bodies_of
from waywarden.reports.models import Report
from waywarden.reports.moving_services import Changes
from waywarden.sending.models import Delivery
from waywarden.staff.access import Staff
from waywarden.webhooks.kinds import Kind

#: Categories that something may be moved to.
OPEN = (Category.State.CONFIRMED, Category.State.UNCONFIRMED, Category.State.STAFF)
#: Bodies that a list to choose from holds.
BODIES = 5000
#: Events in words.
KINDS = [
    (Kind.REPORT_PUBLISHED.value, _("A report is published")),
    (Kind.REPORT_CHANGED.value, _("Its words, place, category or body change")),
    (Kind.REPORT_SENT.value, _("A body’s system has it")),
    (Kind.REPORT_WITHDRAWN.value, _("Its author takes it back")),
    (Kind.REPORT_HIDDEN.value, _("It is taken down")),
    (Kind.UPDATE_PUBLISHED.value, _("An update is published, perhaps with a new state")),
    (Kind.UPDATE_REMOVED.value, _("An update is taken back")),
    (Kind.ALARM_RAISED.value, _("Something breaks")),
    (Kind.ALARM_CLEARED.value, _("It mends")),
]
_NUMBER = {"inputmode": "decimal", "autocomplete": "off"}


class _CategoryField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Categories by name, with their body where several are offered."""

    def label_from_instance(self, obj: Any) -> str:
        """What is read in the list."""
        return f"{obj.body.name}: {obj.name}"


class EditForm(forms.Form):
    """A report that a body did not take, mended: its words, its place, its category there."""

    title = forms.CharField(label=_("Title"), max_length=200)
    detail = forms.CharField(
        label=_("Description"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.none(), required=False
    )
    lat = forms.FloatField(
        label=_("Latitude"), min_value=-90, max_value=90, widget=forms.TextInput(attrs=_NUMBER)
    )
    lon = forms.FloatField(
        label=_("Longitude"), min_value=-180, max_value=180, widget=forms.TextInput(attrs=_NUMBER)
    )

    def __init__(self, data: Any = None, *, delivery: Delivery) -> None:
        report: Report = delivery.report
        values = {"title": report.title, "detail": report.detail, "lat": report.lat}
        initial = {**values, "lon": report.lon, "category": delivery.category_id}
        super().__init__(data, initial=initial, auto_id="edit_%s")
        mine = Category.objects.filter(body=delivery.body_id, state__in=OPEN).order_by("name")
        self._named("category").queryset = mine

    def _named(self, name: str) -> Any:
        return self.fields[name]

    @property
    def changes(self) -> Changes:
        """What is different from what the report says now."""
        given = {name: self.cleaned_data[name] for name in ("title", "detail", "lat", "lon")}
        was_moved = {"lat", "lon"} & set(self.changed_data)
        return Changes(
            title=given["title"] if "title" in self.changed_data else None,
            detail=given["detail"] if "detail" in self.changed_data else None,
            lat=given["lat"] if was_moved else None,
            lon=given["lon"] if was_moved else None,
        )

    @property
    def category_id(self) -> int | None:
        """The category that was chosen."""
        chosen: Category | None = self.cleaned_data["category"]
        return chosen.pk if chosen else None


class RerouteForm(forms.Form):
    """Another body, by one of its categories: of those that answer for the place."""

    category = _CategoryField(
        label=_("Body and category"), queryset=Category.objects.none(), empty_label="–"
    )

    def __init__(self, data: Any = None, *, delivery: Delivery) -> None:
        super().__init__(data, auto_id="reroute_%s")
        others = bodies_of(tuple(delivery.report.area_ids)).exclude(pk=delivery.body_id)
        offered = Category.objects.filter(body__in=others, state__in=OPEN).select_related("body")
        field: Any = self.fields["category"]
        field.queryset = offered.order_by("body__name", "name")


class WebhookForm(forms.Form):
    """An endpoint of a machine."""

    url = forms.URLField(
        label=_("Address"),
        max_length=500,
        assume_scheme="https",
        help_text=_("Where we post to, such as https://example.org/hooks/streets."),
    )
    description = forms.CharField(label=_("What it is for"), max_length=200, required=False)
    kinds = forms.MultipleChoiceField(
        label=_("Events"), choices=KINDS, widget=forms.CheckboxSelectMultiple
    )


class NewWebhookForm(WebhookForm):
    """The same, for a body or for the site."""

    body = forms.ChoiceField(label=_("Reports of"), required=False)

    def __init__(self, data: Any = None, *, staff: Staff) -> None:
        super().__init__(data)
        mine = [pk for pk in staff.roles if staff.may_administer(pk)]
        which = {} if staff.is_operator else {"pk__in": mine}
        bodies = Body.objects.filter(is_deleted=False, **which).order_by("name")
        named = [(str(pk), name) for pk, name in bodies.values_list("pk", "name")[:BODIES]]
        field: Any = self.fields["body"]
        field.choices = [("", _("The whole site")), *named] if staff.is_operator else named
        field.required = not staff.is_operator
        self.order_fields(["body", "url", "description", "kinds"])
