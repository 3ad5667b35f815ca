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


class GeocoderAnswer(models.Model):
    """The places that the geocoder knew of a name; the key is a hash of all that was asked."""

    key = models.CharField(max_length=64, primary_key=True)
    places = models.JSONField(default=list)
    kept_until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class GeocoderTurn(models.Model):
    """One row: when the geocoder may be asked next, by whichever process."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.free_at)
