"""Small templates and paths into JSON, which reach nothing but the values that are given. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Any
from urllib.parse import quote

import jinja2
import jmespath
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jmespath.exceptions import JMESPathError

from waywarden.kernel.errors import Misconfigured, RuleBroken
from waywarden.kernel.text import one_line, shorten
from waywarden.open311.dates import read_date

_ONE_EXPRESSION = re.compile(r"\s*\{\{((?:(?!\}\}).)*)\}\}\s*", re.DOTALL)
_KEPT_FILTERS = (
    "capitalize",
    "default",
    "first",
    "float",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "replace",
    "round",
    "trim",
    "upper",
)
_CANNOT = (
    jinja2.TemplateError,
    RuleBroken,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    RecursionError,
)
"""What computing a template may raise, whatever its author wrote and whatever was given."""
Values = Mapping[str, Any]


class _Environment(ImmutableSandboxedEnvironment):
    """No globals, few filters, no attributes, no multiplying of texts."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator in {"**", "%"} or not all(isinstance(x, int | float) for x in (left, right)):
            raise RuleBroken(f"a template may not use {operator} here")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else self.undefined()

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument] if isinstance(obj, dict | list | str) else self.undefined()
        except (LookupError, TypeError):
            return self.undefined()

    def is_safe_callable(self, _obj: Any) -> bool:
        return False


class Templates:
    """The templates of one file. `zone` is for the filter `date`."""

    def __init__(self, zone: tzinfo) -> None:
        def local_date(text: Any, how: str) -> str:
            found = read_date(str(text)).value
            return found.astimezone(zone).strftime(how) if found is not None else ""

        def epoch(text: Any) -> int | str:
            found = read_date(str(text)).value
            return int(found.timestamp()) if found is not None else ""

        filters = {
            "date": local_date,
            "epoch": epoch,
            "cut": lambda text, length: shorten(str(text), int(length)),
            "cut_bytes": _cut_bytes,
            "one_line": lambda text: one_line(str(text)),
        }
        self._texts = _environment(filters)
        self._paths = _environment(filters, finalize=_percent_encoded)

    def faults(self, template: Any, known: Iterable[str]) -> Iterator[str]:
        """What is wrong with a template, or with those in a table, before anything is given."""
        if isinstance(template, dict | list):
            for one in template.values() if isinstance(template, dict) else template:
                yield from self.faults(one, known)
        elif isinstance(template, str):
            yield from self._text_faults(template, frozenset(known))

    def text(self, template: str, values: Values) -> str:
        """The template as text. Raises Misconfigured for what cannot be computed."""
        return _rendered(self._texts, template, values)

    def path(self, template: str, values: Values) -> str:
        """The template as part of an address: what is put in is percent-encoded."""
        return _rendered(self._paths, template, values)

    def filled(self, template: Any, values: Values) -> Any:
        """A table with every template in it filled; a lone `{{ … }}` keeps its kind of value."""
        if isinstance(template, dict):
            return {name: self.filled(one, values) for name, one in template.items()}
        if isinstance(template, list):
            return [self.filled(one, values) for one in template]
        if not isinstance(template, str):
            return template
        found = _ONE_EXPRESSION.fullmatch(template)
        return self._value(found[1], values) if found else self.text(template, values)

    def _value(self, expression: str, values: Values) -> Any:
        try:
            return self._texts.compile_expression(expression)(**values)
        except _CANNOT as error:
            raise Misconfigured(f"A template of the file cannot be filled: {error}") from error

    def _text_faults(self, template: str, known: frozenset[str]) -> Iterator[str]:
        try:
            names = meta.find_undeclared_variables(self._texts.parse(template))
            self._texts.compile(template)
        except jinja2.TemplateError as error:
            yield f"this template cannot be read: {error}"
            return
        for name in sorted(names - known):
            yield f"{name!r} is not given here. Given: {', '.join(sorted(known))}"


def _environment(filters: Mapping[str, Any], finalize: Any = None) -> _Environment:
    environment = _Environment(
        undefined=jinja2.ChainableUndefined,
        autoescape=False,
        finalize=finalize,
        keep_trailing_newline=True,
    )
    environment.globals.clear()
    kept = {name: environment.filters[name] for name in _KEPT_FILTERS}
    environment.filters.clear()
    environment.filters.update({**kept, **filters})
    return environment


def _rendered(environment: _Environment, template: str, values: Values) -> str:
    try:
        return environment.from_string(template).render(**values)
    except _CANNOT as error:
        raise Misconfigured(f"A template of the file cannot be filled: {error}") from error


def _percent_encoded(value: Any) -> str:
    return quote(str(value), safe="")


def _cut_bytes(text: Any, length: int) -> str:
    return str(text).encode()[: int(length)].decode(errors="ignore")


def path_fault(path: str) -> str:
    """What is wrong with a path into JSON (JMESPath), "" when nothing."""
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        return f"this is no JMESPath: {str(error).splitlines()[0]}"
    return ""


def found(path: str, plain: Any) -> Any:
    """What stands at a path in JSON, None when nothing does."""
    if not path:
        return None
    try:
        return jmespath.search(path, plain)
    except JMESPathError:
        return None
