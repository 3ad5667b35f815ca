"""A category's questions as a page asks them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from waywarden.bodies.answers import check
from waywarden.bodies.queries import asked_of, questions_for, questions_of_site
from waywarden.bodies.question_models import Asking, SiteQuestion
from waywarden.bodies.words import said

PREFIX = "q."


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One question or notice, with what was answered and what is wrong with it."""

    question: Asking
    values: tuple[str, ...] = ()
    error: str = ""
    hangs_on: Asking | None = None
    """The question whose answer decides whether this one is asked."""

    @property
    def words(self) -> str:
        """The question."""
        return said(str(self.question))

    @property
    def name(self) -> str:
        """The name of its field."""
        return PREFIX + self.question.code

    @property
    def html_id(self) -> str:
        """The id of its field; codes may hold anything, so it goes by number."""
        whose = "site-" if isinstance(self.question, SiteQuestion) else ""
        return f"question-{whose}{self.question.pk}"

    @property
    def value(self) -> str:
        """The only answer."""
        return self.values[0] if self.values else ""

    @property
    def condition(self) -> str:
        """When it is asked, in words; "" for always."""
        other = self.hangs_on
        if other is None:
            return ""
        names = {str(one["key"]): said(str(one.get("name", one["key"]))) for one in other.values}
        wanted = [names.get(key, key) for key in self.question.shown_if_values]
        if not wanted:
            return _("Only if you answered “%(question)s”.") % {"question": said(str(other))}
        words = {"answer": _("” or “").join(wanted), "question": said(str(other))}
        return _("Only if you answered “%(answer)s” to “%(question)s”.") % words

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """Key and name of each choice, and the message with which it stops the report."""
        return [
            (
                str(one["key"]),
                said(str(one.get("name", one["key"]))),
                said(str(one.get("disable_message", ""))),
            )
            for one in self.question.values
        ]

    @property
    def is_short_choice(self) -> bool:
        """Whether all choices are shown at once."""
        return len(self.question.values) <= 8

    @property
    def is_hidden(self) -> bool:
        """Whether a page's script fills it in."""
        return self.question.automated == Asking.Automated.HIDDEN_FIELD


def asked_questions(
    category_ids: tuple[int, ...],
    *,
    site: str,
    answers: Mapping[str, tuple[str, ...]],
    errors: Mapping[str, str] | None = None,
) -> list[AskedQuestion]:
    """What a site asks of all, then the questions and notices of a choice, in order.

    What the server fills in is left out.
    """
    of_site = questions_of_site(site, get_language() or "")
    theirs = {question.code for question in of_site}
    own = (one for one in questions_for(category_ids) if one.code not in theirs)
    found: tuple[Asking, ...] = (*of_site, *own)
    by_code = {question.code: question for question in found if question.variable}
    return [
        AskedQuestion(
            question=question,
            values=answers.get(question.code, ()),
            error=(errors or {}).get(question.code, ""),
            hangs_on=by_code.get(question.shown_if) if question.shown_if else None,
        )
        for question in found
        if question.automated != Asking.Automated.SERVER_SET
    ]


def errors_in(
    questions: Iterable[AskedQuestion], answers: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """What is wrong with the answers, by code (the service looks again before it stores)."""
    wanted = [asked_of(one.question) for one in questions if one.question.variable]
    return check(wanted, answers).errors


def answers_in(data: QueryDict) -> dict[str, tuple[str, ...]]:
    """The answers in a form, by question code."""
    return {
        name.removeprefix(PREFIX): tuple(str(value) for value in data.getlist(name))
        for name in data
        if name.startswith(PREFIX)
    }
