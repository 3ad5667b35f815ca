"""Checks answers to a category's questions, by datatype, on the server. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from waywarden.kernel.text import one_line, paragraphs


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the check sees it.

    `choices` maps key to name, `stops` key to the message that stops the report.
    """

    code: str
    datatype: str
    required: bool
    choices: Mapping[str, str]
    stops: Mapping[str, str]
    shown_if: str = ""
    """The code of the question it depends on, "" for none."""
    shown_if_values: frozenset[str] = frozenset()
    """The answers there that show it; none: any answer."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Clean answers by code, and what is wrong, by code."""

    answers: dict[str, list[str]]
    errors: dict[str, str]


def asked(
    *,
    code: str,
    datatype: str,
    required: bool,
    values: Sequence[Mapping[str, Any]],
    shown_if: str = "",
    shown_if_values: Iterable[str] = (),
) -> Asked:
    """A question from its stored choices."""
    return Asked(
        shown_if=shown_if,
        shown_if_values=frozenset(shown_if_values),
        code=code,
        datatype=datatype,
        required=required,
        choices={str(value["key"]): str(value.get("name", value["key"])) for value in values},
        stops={
            str(value["key"]): str(value["disable_message"])
            for value in values
            if value.get("disable_message")
        },
    )


def check(questions: Iterable[Asked], given: Mapping[str, Sequence[str]]) -> Checked:
    """Checks what was given; "0" counts as an answer, unknown codes are dropped.

    A question that is not shown, for what was answered elsewhere, has no answer and needs none.
    """
    checked = Checked(answers={}, errors={})
    questions = tuple(questions)
    shown = shown_codes(questions, given)
    for question in (one for one in questions if one.code in shown):
        values = [_clean(question.datatype, value) for value in given.get(question.code, ())]
        values = list(dict.fromkeys(value for value in values if value != ""))
        error = _error(question, values)
        if error:
            checked.errors[question.code] = error
        elif values:
            checked.answers[question.code] = values
    return checked


def shown_codes(questions: Iterable[Asked], given: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The codes of the questions that are asked, given the answers so far.

    A question that depends on one which is not asked is not asked either; one that depends on
    itself, or on what there is not, is always asked.
    """
    by_code = {question.code: question for question in questions}
    return frozenset(code for code in by_code if _is_shown(code, by_code, given, frozenset()))


def _is_shown(
    code: str,
    by_code: Mapping[str, Asked],
    given: Mapping[str, Sequence[str]],
    seen: frozenset[str],
) -> bool:
    question = by_code[code]
    other = question.shown_if
    if not other or other not in by_code or other in seen or other == code:
        return True
    if not _is_shown(other, by_code, given, seen | {code}):
        return False
    answers = {_clean(by_code[other].datatype, value) for value in given.get(other, ())} - {""}
    wanted = question.shown_if_values
    return bool(answers & wanted) if wanted else bool(answers)


def _clean(datatype: str, value: str) -> str:
    return paragraphs(value) if datatype == "text" else one_line(value)


def _error(question: Asked, values: list[str]) -> str:
    if not values:
        return _("Please answer this question.") if question.required else ""
    if question.datatype != "multivaluelist" and len(values) > 1:
        return _("Please give one answer.")
    if question.datatype in ("singlevaluelist", "multivaluelist"):
        return _error_of_choice(question, values)
    return _error_of_value(question.datatype, values[0])


def _error_of_value(datatype: str, value: str) -> str:
    if len(value) > 4000:
        return _("This is too long; 4,000 characters fit.")
    if datatype == "number" and not _is_number(value):
        return _("Please give a number.")
    if datatype == "datetime" and not _is_datetime(value):
        return _("Please give a date and a time.")
    return ""


def _error_of_choice(question: Asked, values: list[str]) -> str:
    if any(value not in question.choices for value in values):
        return _("Please choose from the list.")
    return next((question.stops[value] for value in values if value in question.stops), "")


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value.replace(",", ".")))
    except ValueError:
        return False


def _is_datetime(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
