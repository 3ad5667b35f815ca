"""The forms that people fill in; what they break is said in the words of the house."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from waywarden.reports.reasons import Reason
from waywarden.users.models import User

MISSING = _("Please fill this in.")
WRONG_EMAIL = _("This is not an e-mail address we can write to, such as rosa@example.org.")
NEEDED_PHONE = _("This category needs one. Only the body sees it, for questions.")
NAME_HINT = _("The body sees it. Others see it only if you say so below.")


class EmailField(forms.EmailField):
    """An e-mail address with our words for what is wrong."""

    default_error_messages = {"required": MISSING, "invalid": WRONG_EMAIL}
    default_validators = [EmailValidator(message=WRONG_EMAIL)]

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.widget.attrs |= {"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}


def _line(label: Any, *, most: int = 200, complete: str = "off", **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        error_messages={"required": MISSING},
        widget=forms.TextInput(attrs={"autocomplete": complete}),
        **more,
    )


def _words(label: Any, *, rows: int, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=4000,
        error_messages={"required": MISSING},
        widget=forms.Textarea(attrs={"rows": rows}),
        **more,
    )


class PersonForm(forms.Form):
    """Who somebody is; the address of a signed-in person is known."""

    name = _line(_("Your name"), complete="name", help_text=NAME_HINT)
    email = EmailField(
        label=_("Your e-mail"),
        help_text=_("We send a link to confirm, and news. It is never shown."),
    )
    show_name = forms.BooleanField(label=_("Show my name on the site"), required=False)
    form_key = forms.UUIDField(required=False)
    """The same however often the form is sent, so that it is stored once."""
    website = forms.CharField(required=False)
    """Nobody sees this field; machines fill it in."""

    def __init__(self, *given: Any, user: User | None = None, **more: Any) -> None:
        if user is not None:
            more["initial"] = {"name": user.name} | (more.get("initial") or {})
        super().__init__(*given, **more)
        self.user = user
        if user is not None:
            del self.fields["email"]

    @property
    def key(self) -> UUID:
        """The key this form came with, a fresh one for a new form."""
        try:
            return UUID(self.data["form_key"])
        except (KeyError, ValueError):
            return uuid4()

    @property
    def is_machine(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.data.get("website"))

    @property
    def address(self) -> str:
        """The e-mail address, known or given."""
        return self.user.email if self.user else str(self.cleaned_data.get("email", ""))


class ReportForm(PersonForm):
    """A problem in a place. Questions and photos stand beside it, for they depend on the choice."""

    latitude = forms.FloatField(min_value=-90, max_value=90)
    longitude = forms.FloatField(min_value=-180, max_value=180)
    category = forms.CharField(error_messages={"required": _("Please choose what it is about.")})
    title = _line(
        _("In a few words"),
        help_text=_(
            "For example “Deep pothole by the bus stop”. No names, please: everybody sees it."
        ),
    )
    detail = _words(
        _("What should they know?"),
        rows=5,
        help_text=_("How large, since when, on which side of the street."),
    )
    phone = _line(
        _("Your phone number"),
        most=40,
        complete="tel",
        required=False,
        help_text=_("If you like. Only the body sees it, for questions."),
    )

    is_unplaced = forms.BooleanField(
        label=_("I cannot place it on the map exactly; I say in words where it is"), required=False
    )
    is_anonymous = forms.BooleanField(label=_("Report without my name"), required=False)
    keeps_words = forms.BooleanField(
        label=_("These words may be public as they are"), required=False
    )

    field_order = ["category", "title", "detail", "name", "email", "phone", "show_name"]

    def __init__(
        self,
        *given: Any,
        may_be_anonymous: bool = False,
        needs_category: bool = True,
        title_hint: str = "",
        detail_hint: str = "",
        needs_phone: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(*given, **more)
        self.fields["category"].required = needs_category
        if title_hint:
            self.fields["title"].help_text = title_hint
        if detail_hint:
            self.fields["detail"].help_text = detail_hint
        if needs_phone:
            self.fields["phone"].required = True
            self.fields["phone"].help_text = NEEDED_PHONE
        if not may_be_anonymous:
            del self.fields["is_anonymous"]
        elif self.data.get("is_anonymous"):
            for name in ("name", "email", "phone"):
                if name in self.fields:
                    self.fields[name].required = False


class CorrectionForm(forms.Form):
    """A report's words as its author wants them now."""

    title = _line(_("In a few words"))
    detail = _words(_("What should they know?"), rows=5)
    show_name = forms.BooleanField(label=_("Show my name on the site"), required=False)
    keeps_words = forms.BooleanField(
        label=_("These words may be public as they are"), required=False
    )


class FlagForm(forms.Form):
    """What is abusive or wrong with a report."""

    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        choices=Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please say what is wrong with it.")},
    )
    words = _words(_("In your words"), rows=3, required=False)
    email = EmailField(label=_("Your e-mail, if you want an answer"), required=False)
    website = forms.CharField(required=False)
    """Nobody sees this field; machines fill it in."""


class UpdateForm(PersonForm):
    """What a person adds to a report."""

    text = _words(_("What have you seen?"), rows=4)
    says_fixed = forms.BooleanField(label=_("This is fixed"), required=False)
    reopens = forms.BooleanField(label=_("This is still a problem"), required=False)
    follows = forms.BooleanField(
        label=_("Mail me the news of this report"), required=False, initial=True
    )
    keeps_words = forms.BooleanField(
        label=_("These words may be public as they are"), required=False
    )

    field_order = ["text", "says_fixed", "reopens", "name", "email", "show_name", "follows"]


class SignInForm(forms.Form):
    """The address that a link to sign in is mailed to."""

    email = EmailField(label=_("Your e-mail"))
