"""How often something was tried today, and which forms were sent: what the limits count."""

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


class SentForm(models.Model):
    """A form that was sent: pressed twice, it is stored once. Kept for two days."""

    key = models.UUIDField(primary_key=True)
    subject_id = models.BigIntegerField(default=0)
    created = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.key)
