"""The forms of a response template: its words and rule, and a row to try it on."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.forms import LinesField
from waywarden.bodies.models import Category, ResponseTemplate
from waywarden.bodies.templates import Said, Template
from waywarden.open311.statuses import STATE_OF
from waywarden.reports.forms import TemplateRules
from waywarden.reports.state_words import STATE_CHOICES

#: States that a body's system can set.
STATES = [(value, name) for value, name in STATE_CHOICES if value in set(STATE_OF.values())]
MISSING = {"required": _("Please fill this in.")}


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "dir": "auto"})


class TemplateForm(TemplateRules):
    """A template of one body; `body` is the instance's."""

    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        error_messages=MISSING,
        help_text=_("For you and your colleagues; people do not see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    text = forms.CharField(label=_("Text"), error_messages=MISSING, widget=_area(5))
    email_text = forms.CharField(
        label=_("Text for the mail"),
        required=False,
        help_text=_("Empty: the text above is mailed, too."),
        widget=_area(3),
    )
    is_automatic = forms.BooleanField(label=_("It speaks by itself"), required=False)
    states = forms.MultipleChoiceField(
        label=_("When the state becomes"),
        required=False,
        choices=STATES,
        widget=forms.CheckboxSelectMultiple,
    )
    external_codes = LinesField(
        label=_("When the body’s code is"),
        help_text=_(
            "One a line, as your system sends them. Between commas, * is anything and + is"
            " anything but nothing. A code goes before a state."
        ),
        widget=_area(3),
    )
    categories = forms.ModelMultipleChoiceField(
        label=_("Only for these categories"),
        required=False,
        queryset=Category.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: for all. One for a category goes before one for all."),
    )

    class Meta:
        model = ResponseTemplate
        fields = [
            "title",
            "text",
            "email_text",
            "is_automatic",
            "states",
            "external_codes",
            "categories",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        categories = Category.objects.filter(body=self.instance.body_id)
        self.fields["categories"].queryset = categories.exclude(  # type: ignore[attr-defined]
            state=Category.State.DELETED
        )

    def as_template(self) -> Template:
        """What is typed, as the choice sees it. After `is_valid`."""
        values = self.cleaned_data
        return Template(
            id=self.instance.pk or 0,
            title=values["title"],
            text=values["text"],
            email_text=values["email_text"],
            states=tuple(values["states"]),
            external_codes=tuple(values["external_codes"]),
            category_ids=tuple(category.pk for category in values["categories"]),
        )


class SampleForm(forms.Form):
    """A row of the body's system, to try a template on."""

    prefix = "sample"

    state = forms.ChoiceField(
        label=_("The state becomes"),
        required=False,
        choices=[("", _("stays as it is")), *STATES],
        initial="fixed - council",
    )
    external_code = forms.CharField(label=_("The body’s code"), required=False, max_length=100)
    category = forms.ModelChoiceField(
        label=_("Category of the report"),
        required=False,
        queryset=Category.objects.none(),
        empty_label=_("none of them"),
    )
    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=200, initial="4711"
    )
    words = forms.CharField(
        label=_("What the body’s system says"),
        required=False,
        widget=_area(2),
        help_text=_("Empty, or words of its own. They stand where {{description}} is."),
    )

    def __init__(self, *args: Any, body_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.body_id = body_id
        categories = Category.objects.filter(body=body_id).exclude(state=Category.State.DELETED)
        self.fields["category"].queryset = categories  # type: ignore[attr-defined]

    def said(self, *, body_name: str) -> Said:
        """The row. After `is_valid`."""
        values = self.cleaned_data
        category = values["category"]
        return Said(
            words=values["words"],
            state=values["state"],
            state_changed=bool(values["state"]),
            external_code=values["external_code"],
            category_id=category.pk if category else None,
            placeholders={
                "reference": values["reference"],
                "report": "1234",
                "title": str(_("Deep pothole by the bus stop")),
                "category": category.name if category else "",
                "body": body_name,
                "external_status_code": values["external_code"],
            },
        )
