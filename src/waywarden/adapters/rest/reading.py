"""What stands in the system's answers, by the paths of the file. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from waywarden.adapters.contract import Sent
from waywarden.adapters.deployment import DATA_TYPES
from waywarden.adapters.fields import is_true
from waywarden.adapters.rest.options import PostCall, QuestionsList
from waywarden.adapters.rest.templating import found
from waywarden.kernel.errors import BadReply, Refused
from waywarden.kernel.http import Answer
from waywarden.kernel.text import one_line, shorten
from waywarden.open311.types import Attribute, AttributeValue

WHOLE = "@"
"""The path of the answer itself."""


def decoded(answer: Answer) -> Any:
    """An answer's JSON. Raises BadReply."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply("The system's answer cannot be read.") from error


def rows_of(plain: Any, path: str) -> list[Any]:
    """The rows at a path. Raises BadReply where there is no list.

    What was XML once knows no list of one: a single row at a path of its own is such a list.
    """
    rows = found(path, plain)
    if isinstance(rows, dict) and path != WHOLE:
        return [rows]
    if not isinstance(rows, list):
        message = "The system's answer holds no list where the file says there is one."
        raise BadReply(message)
    return rows


def sent_of(call: PostCall, answer: Answer, *, otherwise: str) -> Sent:
    """The id or the token in an answer; `otherwise` where the file names no place for either."""
    if not call.id and not call.token and not call.refused:
        return Sent(id=otherwise)
    plain = decoded(answer)
    if why := found(call.refused, plain):
        raise Refused(f"The system refused it: {shorten(one_line(str(why)), 200)}")
    if not call.id and not call.token:
        return Sent(id=otherwise)
    number, token = text_at(call.id, plain), text_at(call.token, plain)
    if not number and not token:
        message = "The system's answer holds no id where the file says there is one."
        raise BadReply(message)
    return Sent(id=number) if number else Sent(token=token)


def words_of(value: Any) -> tuple[str, ...]:
    """Keywords, a list or in one text with commas."""
    found = value.split(",") if isinstance(value, str) else value
    return tuple(word for one in found or () if (word := one_line(str(one))))


def text_at(path: str, plain: Any) -> str:
    """The id that stands there, "" when there is none."""
    value = found(path, plain)
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)


def question_of(row: Any, named: QuestionsList) -> Attribute:
    """The question; what nobody knows as a kind is a text of one line. Raises BadReply."""
    code = found(named.code, row)
    if code in (None, ""):
        message = "A question of the system's has no code where the file says there is one."
        raise BadReply(message)
    word = str(found(named.datatype, row) or "")
    datatype = named.datatypes.get(word, word if word in DATA_TYPES else "string")
    return Attribute(
        code=str(code),
        datatype=datatype,
        required=is_true(found(named.required, row)),
        description=one_line(str(found(named.text, row) or code)),
        datatype_description=one_line(str(found(named.hint, row) or "")),
        values=tuple(_choices(found(named.choices, row), named)),
    )


def _choices(plain: Any, named: QuestionsList) -> Iterator[AttributeValue]:
    """From a table of key to wording, a list of texts, or a list of rows."""
    if isinstance(plain, dict):
        yield from (AttributeValue(str(key), one_line(str(name))) for key, name in plain.items())
    for one in plain if isinstance(plain, list) else ():
        if isinstance(one, dict):
            key = found(named.choice_key, one)
            name = found(named.choice_name, one)
            yield AttributeValue(str(key), one_line(str(key if name is None else name)))
        else:
            yield AttributeValue(str(one), one_line(str(one)))
