"""Judging the answers of a POST by the service's questions (open311.md 2.4). Pure."""

import math
from collections.abc import Mapping

from waywarden.kernel.errors import RuleBroken
from waywarden.open311.dates import read_date
from waywarden.open311.types import Attribute

Answers = Mapping[str, tuple[str, ...]]


def check_answers(attributes: tuple[Attribute, ...], answers: Answers) -> None:
    """Raises RuleBroken naming the first answer that is missing or does not fit.

    Answers to questions that nobody asked are let through: senders know more than a form.
    """
    for attribute in attributes:
        given = answers.get(attribute.code, ())
        if not given:
            if attribute.required:
                _complain(attribute, "is missing")
        elif len(given) > 1 and attribute.datatype != "multivaluelist":
            _complain(attribute, "takes one value only")
        else:
            for one in given:
                _check_value(attribute, one)


def _check_value(attribute: Attribute, value: str) -> None:
    if attribute.datatype in {"singlevaluelist", "multivaluelist"}:
        if value not in {choice.key for choice in attribute.values}:
            _complain(attribute, "must be one of the keys of its list")
    elif attribute.datatype == "number" and not _is_number(value):
        _complain(attribute, "must be a number")
    elif attribute.datatype == "datetime" and read_date(value).value is None:
        _complain(attribute, "must be a date such as 2026-11-25T09:30:00Z")


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _complain(attribute: Attribute, message: str) -> None:
    name = f"attribute[{attribute.code}]"
    raise RuleBroken(f"{name} {message}.", field=name)
