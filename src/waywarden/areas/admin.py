"""The operator's areas: a list, and taking boundaries in from a file."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from waywarden.areas.models import Area, Layer
from waywarden.areas.services import Imported, import_geojson, import_layer
from waywarden.kernel.errors import RuleBroken

#: Bytes of a file of boundaries; all councils of a country in detail are some 50 MB.
_LARGEST = 100 * 2**20


class ImportForm(forms.Form):
    """A file of boundaries."""

    file = forms.FileField(
        label=_("GeoJSON file"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".geojson,.json"}),
        help_text=_(
            "A FeatureCollection of polygons in WGS84. Each feature needs a name; its code (else"
            " its id) says whether it replaces an area that is here."
        ),
    )
    kind = forms.CharField(
        label=_("Kind"),
        initial="district",
        max_length=40,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("For features that have no kind of their own: county, district, ward, …"),
    )

    def clean_file(self) -> Any:
        """A file of a size that can be read."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > _LARGEST:
            raise forms.ValidationError(_("This file is larger than 100 MB."))
        return file


@admin.register(Area)
class AreaAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Areas come from files; here they are named, nested and dated."""

    list_display = ("name", "kind", "code", "parent", "valid_from", "valid_to")
    list_filter = ("kind",)
    list_select_related = ("parent",)
    search_fields = ("name", "code")
    autocomplete_fields = ("parent",)
    show_full_result_count = False
    actions_list = ("import_boundaries",)
    readonly_fields = ("code", "west", "south", "east", "north", "changed")
    fieldsets = (
        (None, {"fields": ("name", "kind", "code", "parent")}),
        (
            _("Validity"),
            {
                "fields": (("valid_from", "valid_to"),),
                "description": _("Reports made before keep their area."),
            },
        ),
        (_("Extent, in degrees"), {"fields": (("west", "south"), ("east", "north"), "changed")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Area]:
        """Without the boundaries, which weigh more than all the rest."""
        queryset: QuerySet[Area] = super().get_queryset(request)
        return queryset.defer("boundary", "parent__boundary")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """By importing only: a boundary is not typed."""
        return False

    @action(description=_("Import boundaries"), url_path="import", icon="upload_file")  # type: ignore[untyped-decorator]
    def import_boundaries(self, request: HttpRequest) -> HttpResponse:
        """Takes a GeoJSON file in, whole or not at all."""
        if not request.user.has_perm("areas.add_area"):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                done = _take_in(form.cleaned_data["file"], kind=form.cleaned_data["kind"])
            except RuleBroken as error:
                form.add_error("file", str(error))
            else:
                messages.success(request, _in_words(done))
                return redirect("admin:areas_area_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import boundaries"),
            "form": form,
            "opts": self.opts,
        }
        status = 422 if form.errors else 200
        return render(request, "areas/import.html", context, status=status)


class LayerForm(forms.Form):
    """A file of lines and polygons, and what to call them."""

    file = forms.FileField(
        label=_("GeoJSON file"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".geojson,.json"}),
        help_text=_("A FeatureCollection of lines or polygons in WGS84."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Trunk roads, parks, … A layer of that name is replaced."),
    )

    clean_file = ImportForm.clean_file


@admin.register(Layer)
class LayerAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Layers come from files; categories name them in their rules by place."""

    list_display = ("name", "changed")
    search_fields = ("name",)
    readonly_fields = ("changed",)
    actions_list = ("import_shapes",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """By importing only."""
        return False

    @action(description=_("Import a layer"), url_path="import", icon="upload_file")  # type: ignore[untyped-decorator]
    def import_shapes(self, request: HttpRequest) -> HttpResponse:
        """Takes a GeoJSON file in, whole or not at all."""
        if not request.user.has_perm("areas.add_layer"):
            raise PermissionDenied
        form = LayerForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            name = form.cleaned_data["name"]
            try:
                with _on_disk(form.cleaned_data["file"]) as path:
                    count = import_layer(path, name=name)
            except RuleBroken as error:
                form.add_error("file", str(error))
            else:
                words = ngettext("%d shape was taken in.", "%d shapes were taken in.", count)
                messages.success(request, words % count)
                return redirect("admin:areas_layer_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import a layer"),
            "form": form,
            "opts": self.opts,
        }
        status = 422 if form.errors else 200
        return render(request, "areas/import.html", context, status=status)


@contextmanager
def _on_disk(file: Any) -> Iterator[Path]:
    """An uploaded file under its own name, for as long as it is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(file.name or "").name or "areas.geojson")
        with path.open("wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
        yield path


def _take_in(file: Any, *, kind: str) -> Imported:
    with _on_disk(file) as path:
        return import_geojson(path, kind=kind)


def _in_words(done: Imported) -> str:
    added = ngettext("%d area was added", "%d areas were added", done.added) % done.added
    replaced = ngettext("%d replaced", "%d replaced", done.replaced) % done.replaced
    return f"{added}, {replaced}."
