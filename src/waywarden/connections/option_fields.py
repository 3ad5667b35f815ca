"""A plug-in's option as a field of a form, and what was typed there as plain data again."""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from waywarden.kernel.options import OptionField

#: Stands for "nothing was typed": the plug-in's default holds.
NOTHING = object()


#: How a number out of bounds is told by the reader of options.
_BOUND = re.compile(r"([<>]=) (-?\d+)$")
_BOUNDS = {
    ">=": gettext_lazy("please give a number of %d or more"),
    "<=": gettext_lazy("please give a number of %d or less"),
}


class NotReadable(ValueError):
    """What was typed is neither lines nor JSON; the message says what is wrong, in words."""


def form_field(option: OptionField) -> forms.Field:
    """The field for an option: label and help from the plug-in, unfold's look."""
    look: dict[str, Any] = {"label": option.label, "help_text": _help(option)}
    if option.kind == "yes_no":
        return forms.BooleanField(required=False, widget=UnfoldBooleanWidget(), **look)
    look["required"] = option.required
    if option.kind == "choice":
        choices = [(choice, choice.replace("_", " ") or "–") for choice in option.choices]
        if not option.required and option.default is None:
            choices.insert(0, ("", "–"))
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget(), **look)
    if option.kind in ("list", "table"):
        return forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}), **look)
    attrs = {"inputmode": "decimal"} if option.kind == "number" else {}
    return forms.CharField(widget=UnfoldAdminTextInputWidget(attrs=attrs), **look)


def secret_field(option: OptionField, *, is_stored: bool) -> forms.Field:
    """The field for a secret: what is stored is never shown."""
    kept = _("One is stored; leave this empty to keep it.") if is_stored else ""
    return forms.CharField(
        label=option.label,
        help_text=" ".join(part for part in (option.help, kept) if part),
        required=option.required and not is_stored,
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )


def shown(option: OptionField, stored: Mapping[str, Any]) -> Any:
    """What the field shows for stored options, the default where none is stored."""
    value = stored.get(option.name, msgspec.to_builtins(option.default))
    if option.kind == "yes_no":
        return bool(value)
    if option.kind == "list":
        return _lines_of(value or [])
    if option.kind == "table":
        return _table_of(value or {})
    return "" if value is None else str(value)


def typed(option: OptionField, cleaned: Any) -> Any:
    """The plain value of what was typed, or NOTHING. Raises NotReadable."""
    if option.kind == "yes_no":
        return bool(cleaned)
    text = str(cleaned or "").strip()
    if option.kind == "list":
        return _list_from(text)
    if option.kind == "table":
        return _table_from(text)
    if text == "" and (option.kind != "text" or not option.default):
        return NOTHING
    return text


def words_for(option: OptionField, message: str) -> str:
    """What is wrong with an option, naming it, for the person who filled it in."""
    wanted = {
        "number": _("please give a number"),
        "choice": _("please choose one of %s") % ", ".join(option.choices),
        "list": _("please give one entry a line"),
        "table": _("please give one “name = value” a line"),
    }.get(option.kind, "")
    if not message.startswith(("Expected", "Invalid", "Object")):
        wanted = message  # the plug-in's own words
    elif "missing" in message:
        wanted = _("please fill this in")
    elif "https?" in message:
        wanted = _(
            "please give a whole address, such as https://www.example.org/…, without user name"
            " and password"
        )
    elif bound := _BOUND.search(message):
        wanted = _BOUNDS[bound[1]] % int(bound[2])
    elif not wanted:
        wanted = message
    return f"{option.label}: {wanted}"


def _help(option: OptionField) -> str:
    how = {"list": _("One a line."), "table": _("One “name = value” a line.")}.get(option.kind, "")
    return " ".join(part for part in (option.help, how) if part)


def _lines_of(values: Any) -> str:
    if all(isinstance(value, str | int | float) for value in values):
        return "\n".join(str(value) for value in values)
    return json.dumps(list(values), indent=1, ensure_ascii=False)


def _table_of(table: Mapping[str, Any]) -> str:
    if all(isinstance(value, str | int | float) for value in table.values()):
        return "\n".join(f"{name} = {value}" for name, value in table.items())
    return json.dumps(dict(table), indent=1, ensure_ascii=False)


def _list_from(text: str) -> Any:
    if text.startswith("["):
        return _json(text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _table_from(text: str) -> Any:
    if text.startswith("{"):
        return _json(text)
    table: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, mark, value = line.partition("=")
        if line.strip() and not mark:
            raise NotReadable(_("line %d has no “=”") % number)
        if line.strip():
            table[name.strip()] = value.strip()
    return table


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise NotReadable(_("this is not JSON: %s") % error) from error
