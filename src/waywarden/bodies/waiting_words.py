"""Bodies' words that have no translation in a language yet, the most used first."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from waywarden.areas.models import Area
from waywarden.bodies.models import Body, Category, Question, ResponseTemplate
from waywarden.bodies.question_models import SiteQuestion
from waywarden.bodies.translations import Translation

#: The words of a category that people read.
_OF_CATEGORIES = (
    "name", "description", "emergency_notice", "stop_message", "title_hint", "detail_hint",
)  # fmt: skip


def waiting(language: str, *, most: int) -> list[tuple[str, int]]:
    """Words and how often bodies use them, without those that are translated; at most so many."""
    known = set(
        Translation.objects.filter(language=language).values_list("original", flat=True).iterator()
    )
    counted = Counter(words for words in _all_words() if words and words not in known)
    return counted.most_common(most)


def _all_words() -> Iterator[str]:
    categories = Category.objects.filter(body__is_deleted=False)
    questions = Question.objects.filter(category__in=categories)
    templates = ResponseTemplate.objects.filter(body__is_deleted=False)
    yield from _columns(Body.objects.filter(is_deleted=False), "name")
    yield from _columns(categories, *_OF_CATEGORIES)
    for groups in categories.values_list("groups", flat=True).iterator():
        yield from groups
    for asked in (questions, SiteQuestion.objects.all()):
        yield from _columns(asked, "description", "hint")
        for choice in chain.from_iterable(_columns(asked, "values")):
            yield str(choice.get("name", ""))
            yield str(choice.get("disable_message", ""))
    yield from _columns(templates, "text", "email_text")
    yield from _columns(Area.objects.all(), "name")


def _columns(rows: QuerySet[Any], *names: str) -> Iterator[Any]:
    return chain.from_iterable(rows.values_list(*names).iterator())
