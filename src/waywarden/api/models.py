"""What was posted under which idempotency key, so that a repeat gets the first answer."""

from django.db import models


class Post(models.Model):
    """One POST that was done: whose key, the sender's mark, and what was answered."""

    class Kind(models.TextChoices):
        REQUEST = "request"
        UPDATE = "update"

    api_key_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    mark = models.CharField(
        max_length=64, help_text="A hash of the header, or of jurisdiction and the sender's number."
    )
    digest = models.CharField(
        max_length=64, blank=True, help_text="A hash of the content; empty where it may differ."
    )
    answer = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_key_id", "kind", "mark"], name="post_once")
        ]
        indexes = [models.Index(fields=["created"], name="post_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.answer}"
