"""What is counted of reports: pins by square, figures by body."""

from django.db import models
from django.db.models import Q


class PinCount(models.Model):
    """How many public reports a square has, by body, category and class of pin: a sum of rows.

    Triggers add rows of +1 and -1 (migration 0004), `count_services` folds them. `body_id` 0 is
    all reports, whoever has them; `cell` is the Morton number of a tile at zoom 15; the sums are
    of millionths of degrees and give the middle of the reports counted.
    """

    id = models.BigAutoField(primary_key=True)
    body_id = models.BigIntegerField(default=0)
    cell = models.BigIntegerField()
    category = models.CharField(max_length=200)
    kind = models.CharField(max_length=8)
    count = models.BigIntegerField()
    lat_sum = models.BigIntegerField()
    lon_sum = models.BigIntegerField()
    is_folded = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["body_id", "cell", "category", "kind"],
                name="pin_count_cell",
                include=["count", "lat_sum", "lon_sum"],
            ),
            models.Index(fields=["id"], name="pin_count_new", condition=Q(is_folded=False)),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.kind} in {self.cell}"


class BodyFigures(models.Model):
    """How a body did in the last twelve months; `body_id` 0 is all bodies. A job counts them.

    `is_behind` says that something changed since, and that they are counted again once the body
    has rested. `median_days` is from a report to its being fixed, null where none was. The lists
    hold rows: categories [name, reported, fixed, median days or null], months ["2026-01",
    reported, fixed].
    """

    body_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    is_behind = models.BooleanField(default=False)
    reported = models.IntegerField()
    fixed = models.IntegerField()
    median_days = models.FloatField(null=True)
    categories = models.JSONField(default=list)
    months = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"figures of body {self.body_id}"


class WardFigures(models.Model):
    """The same of a body in one of the areas within its own, counted together with it."""

    body_id = models.BigIntegerField()
    area_id = models.BigIntegerField()
    at = models.DateTimeField()
    reported = models.IntegerField()
    fixed = models.IntegerField()
    median_days = models.FloatField(null=True)
    categories = models.JSONField(default=list)
    months = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body_id", "area_id"], name="ward_figures_once"),
        ]

    def __str__(self) -> str:
        return f"figures of body {self.body_id} in area {self.area_id}"
