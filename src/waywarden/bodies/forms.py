"""Forms of the operator's admin for bodies, categories and questions."""

from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from waywarden.backends import registry
from waywarden.bodies.models import Body, Category, Question
from waywarden.bodies.queries import kept_connection
from waywarden.connections.forms import ConnectionForm, kind_choices
from waywarden.connections.models import Connection
from waywarden.kernel.text import without_control_characters

EMAIL = "email"


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(
        self, *, checks: Any = None, rows: int = 3, also_apart: str = "", **kwargs: Any
    ) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": rows}))
        super().__init__(**kwargs)
        self.checks = checks
        self.also_apart = also_apart

    def prepare_value(self, value: Any) -> Any:
        """The list as lines."""
        return "\n".join(str(item) for item in value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other lines were typed."""
        return (self.to_python(data) or []) != list(initial or [])

    def to_python(self, value: Any) -> Any:
        """The lines as a list, without empty and repeated ones."""
        if isinstance(value, list):
            return value
        text = without_control_characters(str(value or ""))
        for mark in self.also_apart:
            text = text.replace(mark, "\n")
        lines = (line.strip() for line in text.splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def validate(self, value: Any) -> None:
        """Every line by itself; the message names the wrong one."""
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        for item in value if self.checks else ():
            try:
                self.checks(item)
            except forms.ValidationError as error:
                message = _("%(item)s: %(words)s") % {"item": item, "words": error.messages[0]}
                raise forms.ValidationError(message) from error

    def run_validators(self, value: Any) -> None:
        """Those of texts do not fit a list."""


class BodyForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A body, and beside it one form for each send method it could have."""

    send_method = forms.ChoiceField(
        label=gettext_lazy("Send method"),
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("How reports reach it. Picking one shows its settings below."),
    )
    connection_form: type[ConnectionForm] = ConnectionForm
    """The admin's own, with its widgets."""

    class Meta:
        model = Body
        fields = ["name", "slug"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.instance.sending_connection
        self.initial["send_method"] = current.kind if current else EMAIL
        choice = self.fields.get("send_method")
        if not isinstance(choice, forms.ChoiceField):
            return  # somebody who may only look
        choices = kind_choices()
        if current and current.kind not in dict(choices):
            missing = _("%s (not installed)") % current.kind
            choices.append((current.kind, missing))
        choice.choices = choices
        self.method_forms = {
            kind: self._method_form(kind) for kind, _label in choices if kind in _installed()
        }

    @property
    def chosen(self) -> str:
        """The kind that is picked: typed, else stored."""
        values = self.data if self.is_bound else self.initial
        return str(values.get("send_method", ""))

    @property
    def chosen_form(self) -> ConnectionForm | None:
        """The form of the picked method; None when its plug-in is not installed."""
        return self.method_forms.get(self.chosen)

    def _method_form(self, kind: str) -> ConnectionForm:
        connection = kept_connection(self.instance, kind) or Connection(kind=kind)
        is_typed = self.is_bound and kind == self.chosen
        return self.connection_form(
            self.data if is_typed else None, instance=connection, prefix=kind, kind=kind
        )

    def clean(self) -> dict[str, Any] | None:
        """The picked method's settings count; the others' are left as they are stored."""
        cleaned = super().clean()
        form = self.chosen_form if "send_method" in self.fields else None
        if form is not None and not form.is_valid():
            self.add_error("send_method", _("Please look at the settings of this method below."))
        shadow = (cleaned or {}).get("shadow_connection")
        if shadow is not None and shadow == self.instance.sending_connection:
            self.add_error("shadow_connection", _("This body sends by it already."))
        return cleaned

    def save_connection(self) -> Connection | None:
        """Stores the picked method's settings; None is plain e-mail, nothing of which was set."""
        form = self.chosen_form
        if form is None:
            return self._stored_connection()
        if self._is_plain_email(form):
            return None
        if not form.connection.pk:
            form.instance.name = self.instance.name
        form.save()
        return form.connection

    def filled_connection(self) -> Connection | None:
        """The picked method's connection as typed, not saved; None is plain e-mail."""
        form = self.chosen_form
        if form is None:
            return self._stored_connection()
        return None if self._is_plain_email(form) else form.filled()

    def _stored_connection(self) -> Connection | None:
        body: Body = self.instance
        return body.sending_connection

    def _is_plain_email(self, form: ConnectionForm) -> bool:
        return self.chosen == EMAIL and not form.connection.pk and not form.has_changed()


def _installed() -> frozenset[str]:
    return frozenset(registry.backend_classes())


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A category; lists are typed one a line, its own send method is one choice."""

    SAME, BY_EMAIL, OWN = "same", "email", "own"

    send_method = forms.ChoiceField(
        label=gettext_lazy("Send method"),
        choices=[
            (SAME, gettext_lazy("Same as the body")),
            (BY_EMAIL, gettext_lazy("By e-mail")),
            (OWN, gettext_lazy("A connection of its own")),
        ],
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Counts only where the body’s contacts can be devolved."),
    )
    groups = LinesField(label=gettext_lazy("Groups"), rows=2, help_text=gettext_lazy("One a line."))
    emails = LinesField(
        label=gettext_lazy("E-mail addresses"),
        checks=validate_email,
        also_apart=",;",
        help_text=gettext_lazy("One a line; each report goes to all of them."),
    )
    keywords = LinesField(
        label=gettext_lazy("Keywords"), rows=2, help_text=gettext_lazy("One a line.")
    )
    protected_fields = LinesField(
        label=gettext_lazy("Fields kept as they are"),
        rows=2,
        help_text=gettext_lazy(
            "One a line (name, description, …). Syncing the body’s service list leaves these alone."
        ),
    )

    class Meta:
        model = Category
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("description", "emergency_notice", "stop_message"):
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = 3
        category = self.instance
        if category.is_devolved_to_email:
            self.initial["send_method"] = self.BY_EMAIL
        else:
            self.initial["send_method"] = self.OWN if category.connection_id else self.SAME

    def clean(self) -> dict[str, Any] | None:
        """A connection of its own must be named."""
        cleaned = super().clean() or {}
        if cleaned.get("send_method") == self.OWN and not cleaned.get("connection"):
            self.add_error("connection", _("Please choose the connection, or make one."))
        return cleaned

    def _post_clean(self) -> None:
        """Turns the one choice into what the row keeps, before the row is checked."""
        method = self.cleaned_data.get("send_method")
        if method == self.SAME:
            self.cleaned_data["connection"] = None
        if method is not None:
            self.instance.is_devolved_to_email = method == self.BY_EMAIL
        super()._post_clean()  # type: ignore[misc]  # Django's own step, not in its stubs


class QuestionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A question; its choices are typed one a line."""

    choices_text = LinesField(
        label=gettext_lazy("Choices"),
        help_text=gettext_lazy(
            "One a line: key = name. A stop message goes behind a second “=”: whoever picks that"
            " choice is shown it and cannot report."
        ),
    )
    shown_if_values = LinesField(
        label=gettext_lazy("Was answered"),
        rows=2,
        help_text=gettext_lazy("Keys of its choices, one a line; none: any answer."),
    )

    class Meta:
        model = Question
        fields = ["code"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("description", "hint"):
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = 2
        self.initial["choices_text"] = [_line_of(value) for value in self.instance.values]

    def clean(self) -> dict[str, Any] | None:
        """A list needs choices, and each key once."""
        cleaned = super().clean() or {}
        values = [_value_of(line, self.instance.values) for line in cleaned.get("choices_text", [])]
        keys = [value["key"] for value in values]
        if len(set(keys)) != len(keys):
            self.add_error("choices_text", _("Two choices have the same key."))
        datatype = str(cleaned.get("datatype", ""))
        if datatype.endswith("valuelist") and cleaned.get("variable") and not values:
            self.add_error("choices_text", _("A list needs choices."))
        if cleaned.get("shown_if") and cleaned.get("shown_if") == cleaned.get("code"):
            self.add_error("shown_if", _("A question cannot depend on itself."))
        self.instance.values = values
        return cleaned


def _line_of(value: dict[str, Any]) -> str:
    parts = [str(value.get("key", "")), str(value.get("name", value.get("key", "")))]
    if value.get("disable_message"):
        parts.append(str(value["disable_message"]))
    return " = ".join(parts)


def _value_of(line: str, stored: list[dict[str, Any]]) -> dict[str, Any]:
    """The choice of a line; what else was stored of the same key stays."""
    key, _mark, rest = (part.strip() for part in line.partition("="))
    name, _second, stop = (part.strip() for part in rest.partition("="))
    known = next((value for value in stored if str(value.get("key")) == key), {})
    value = {k: v for k, v in known.items() if k != "disable_message"}
    value |= {"key": key, "name": name or key}
    return value | ({"disable_message": stop} if stop else {})
