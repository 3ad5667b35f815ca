"""The forms of the staff pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Category
from waywarden.bodies.queries import bodies_of
from waywarden.reports.models import Report
from waywarden.reports.moving_services import Changes
from waywarden.sending.models import Delivery

#: Categories that something may be moved to.
OPEN = (Category.State.CONFIRMED, Category.State.UNCONFIRMED, Category.State.STAFF)
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
