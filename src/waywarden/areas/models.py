"""Areas that bodies answer for, and layers of shapes that rules speak of."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Area(models.Model):
    """A polygon or multipolygon in WGS84, stored as WKB (no PostGIS)."""

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=40, help_text=_("County, district, ward, …"))
    code = models.CharField(
        _("code"),
        max_length=100,
        unique=True,
        help_text=_("Its id in the source; importing again replaces it."),
    )
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    boundary = models.BinaryField(_("boundary (WKB)"))
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Layer(models.Model):
    """Shapes that rules speak of: trunk roads, parks, private land."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("layer")
        verbose_name_plural = _("layers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LayerShape(models.Model):
    """One line or polygon of a layer, WGS84, as WKB."""

    layer = models.ForeignKey(Layer, models.CASCADE, related_name="shapes")
    shape = models.BinaryField()
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["layer", "west", "east"], name="layer_shape_box")]

    def __str__(self) -> str:
        return f"{self.layer_id}/{self.pk}"


class Address(models.Model):
    """A place in a national gazetteer: the numbers of its property and of its street.

    Bodies' systems ask for them (`uprn`, `usrn`); either may be missing. Found by its cell.
    """

    uprn = models.CharField(max_length=20, blank=True)
    usrn = models.CharField(max_length=20, blank=True)
    lat = models.FloatField()
    lon = models.FloatField()
    cell = models.BigIntegerField()

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        indexes = [models.Index(fields=["cell"], name="address_cell")]

    def __str__(self) -> str:
        return f"{self.uprn} {self.usrn}".strip()
