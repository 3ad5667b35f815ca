"""How often something was tried today, by whom: what the limits count."""

from django.db import models


class Tally(models.Model):
    """Tries of one kind by one key (an address as a keyed hash) on one day."""

    day = models.DateField()
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "kind", "key"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}: {self.count}"
