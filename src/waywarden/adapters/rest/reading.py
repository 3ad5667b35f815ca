"""What stands in the system's answers, by the paths of the file. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from waywarden.adapters.contract import Sent
from waywarden.adapters.deployment import DATA_TYPES
from waywarden.adapters.rest.options import PostCall, QuestionsList
from waywarden.adapters.rest.templating import found
from waywarden.kernel.errors import BadReply
from waywarden.kernel.http import Answer
from waywarden.kernel.text import one_line
from waywarden.open311.types import Attribute, AttributeValue


def decoded(answer: Answer) -> Any:
    """An answer's JSON. Raises BadReply."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply("The system's answer cannot be read.") from error


def rows_of(plain: Any, path: str) -> list[Any]:
    """The rows at a path. Raises BadReply where there is no list."""
    rows = found(path, plain)
    if not isinstance(rows, list):
        message = "The system's answer holds no list where the file says there is one."
        raise BadReply(message)
    return rows


def sent_of(call: PostCall, answer: Answer, *, otherwise: str) -> Sent:
    """The id or the token in an answer; `otherwise` where the file names no place for either."""
    if not call.id and not call.token:
        return Sent(id=otherwise)
    plain = decoded(answer)
    number, token = text_at(call.id, plain), text_at(call.token, plain)
    if not number and not token:
        message = "The system's answer holds no id where the file says there is one."
        raise BadReply(message)
    return Sent(id=number) if number else Sent(token=token)


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
        required=bool(found(named.required, row)),
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
