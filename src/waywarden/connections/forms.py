"""A connection's form, drawn from its plug-in's options, secrets and capabilities."""

import copy
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from waywarden.backends import registry
from waywarden.backends.contract import Backend, Capability
from waywarden.backends.way_options import WaySecrets, way_names
from waywarden.connections import option_fields
from waywarden.connections.models import Connection
from waywarden.connections.services import secrets_of, set_secrets
from waywarden.kernel import options
from waywarden.kernel.errors import Misconfigured, RuleBroken
from waywarden.kernel.text import one_line, slug
from waywarden.users.models import User
from waywarden.users.services import create_update_user

_FETCHES = (Capability.FETCHES_UPDATES, Capability.FETCHES_REPORTS)
#: The engine's switches, and the capabilities of which a kind needs one to be offered them.
SWITCHES: dict[str, tuple[Capability, ...]] = {
    "sends_updates": (Capability.SENDS_UPDATES,),
    "fetches_updates": (Capability.FETCHES_UPDATES,),
    "fetches_reports": (Capability.FETCHES_REPORTS,),
    "fetches_all_reports": (Capability.FETCHES_REPORTS,),
    "update_user": _FETCHES,
    "new_update_user": _FETCHES,
    "suppresses_alerts": (Capability.FETCHES_UPDATES,),
    "permits_blank_updates": (Capability.FETCHES_UPDATES,),
}
PACE: dict[str, tuple[Capability, ...]] = {
    "zone": _FETCHES,
    "poll_seconds": _FETCHES,
    "overlap_minutes": _FETCHES,
    "window_hours": _FETCHES,
    "lanes": (),
    "calls_at_once": (),
    "calls_per_minute": (),
    "retry_minutes": (),
    "on_unknown": (Capability.LOOKS_UP,),
}
MODEL_FIELDS = [name for name in (*SWITCHES, *PACE) if name != "new_update_user"]
#: How many of a kind's options stand open; the rest, if it is more than two, is folded away.
_AT_HAND = 4
_AT_LEAST_ONE = ("poll_seconds", "window_hours", "lanes", "calls_at_once")

Fieldsets = list[tuple[str | None, dict[str, Any]]]


def kind_choices() -> list[tuple[str, str]]:
    """Every installed kind and its label, e-mail first."""
    kinds = registry.backend_classes()
    found = [(kind, str(kinds[kind].label)) for kind in kinds if kind != "email"]
    email = kinds.get("email")
    return [("email", str(email.label) if email else _("E-mail")), *found]


def fields_for(kind: str, *, table: dict[str, tuple[Capability, ...]]) -> list[str]:
    """Those names of SWITCHES or PACE that a kind can use."""
    backend = registry.backend_class(kind)
    return [
        name
        for name, needs in table.items()
        if not needs or any(backend.can(need) for need in needs)
    ]


def fieldsets_for(kind: str, *, stored_secrets: frozenset[str] = frozenset()) -> Fieldsets:
    """How the fields of a kind stand on a page."""
    backend = registry.backend_class(kind)
    named = [option.name for option in options.fields_of(backend.options_type)]
    own = [f"option_{name}" for name in named if name not in way_names()]
    way_out = [f"option_{name}" for name in named if name in way_names()]
    at_hand = len(own) if len(own) <= _AT_HAND + 2 else _AT_HAND
    first, habits = own[:at_hand], own[at_hand:]
    shared = WaySecrets.__struct_fields__
    for secret in options.fields_of(backend.secrets_type):
        place = way_out if secret.name in shared else first
        place.append(f"secret_{secret.name}")
        if secret.name in stored_secrets and not secret.required:
            place.append(f"forget_{secret.name}")
    found: Fieldsets = [(str(backend.label), {"fields": first})] if first else []
    if habits:
        found.append(
            (_("Habits of the body’s system"), {"fields": habits, "classes": ["collapse"]})
        )
    if way_out:
        found.append(
            (
                _("The way out"),
                {"fields": way_out, "classes": ["collapse"], "description": _calls_come_from()},
            )
        )
    switches = fields_for(kind, table=SWITCHES)
    if switches:
        found.append((_("What goes and comes"), {"fields": switches}))
    pace = {"fields": fields_for(kind, table=PACE), "classes": ["collapse"]}
    return [*found, (_("Pace and trouble"), pace)]


def _calls_come_from() -> str:
    """From which address a body sees us call, for its firewall."""
    address = settings.WAYWARDEN_CALLS_FROM
    words = _("Without a proxy, calls come from this server’s own address.")
    if address:
        words = _("Without a proxy, calls come from %s.") % escape(address)
    allowed = _("A private address is called only where WAYWARDEN_PRIVATE_HOSTS names it.")
    return f"{words} {allowed}"


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The settings of one connection; its fields depend on the kind."""

    new_update_user = forms.CharField(
        label=gettext_lazy("Make an update user called"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Leave empty to use the one above."),
    )

    class Meta:
        model = Connection
        fields = MODEL_FIELDS

    def __init__(self, *args: Any, kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind or self.instance.kind
        self.instance.kind = self.kind
        self.backend: type[Backend] = registry.backend_class(self.kind)
        self._options: dict[str, Any] = {}
        self._secrets: dict[str, str] = {}
        self._drop_what_the_kind_cannot()
        self._add_options()
        self._add_secrets()
        self._limit_update_users()

    @property
    def fieldsets(self) -> Fieldsets:
        """How the fields stand on a page."""
        return fieldsets_for(self.kind, stored_secrets=frozenset(self._stored))

    def _drop_what_the_kind_cannot(self) -> None:
        offered = fields_for(self.kind, table=SWITCHES | PACE)
        for name in SWITCHES | PACE:
            if name in self.fields and name not in offered:
                del self.fields[name]

    def _add_options(self) -> None:
        self.option_fields = options.fields_of(self.backend.options_type)
        for option in self.option_fields:
            self.fields[f"option_{option.name}"] = option_fields.form_field(option)
            self.initial[f"option_{option.name}"] = option_fields.shown(
                option, self.instance.options
            )

    def _add_secrets(self) -> None:
        self.secret_fields = options.fields_of(self.backend.secrets_type)
        self.are_secrets_lost = False
        try:
            self._stored = secrets_of(self.instance)
        except Misconfigured:
            self._stored, self.are_secrets_lost = {}, True
        for secret in self.secret_fields:
            is_stored = secret.name in self._stored
            field = option_fields.secret_field(secret, is_stored=is_stored)
            self.fields[f"secret_{secret.name}"] = field
            if is_stored and not secret.required:
                self.fields[f"forget_{secret.name}"] = forms.BooleanField(
                    label=_("Forget the stored one (%s)") % secret.label,
                    required=False,
                    widget=UnfoldBooleanWidget(),
                )

    def _limit_update_users(self) -> None:
        """The choice holds update users only: a list of all people would have no end."""
        field = self.fields.get("update_user")
        if isinstance(field, forms.ModelChoiceField):
            wanted = Q(is_update_user=True) | Q(pk=self.instance.update_user_id)
            field.queryset = User.objects.filter(wanted).order_by("name", "email")

    def clean_zone(self) -> str:
        """A zone that this machine knows."""
        zone = one_line(str(self.cleaned_data["zone"]))
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise forms.ValidationError(
                _("Please give the name of a time zone, such as Europe/London.")
            ) from error
        return zone

    def clean(self) -> dict[str, Any] | None:
        """Checks options and secrets as the plug-in will read them."""
        cleaned = super().clean()
        for name in _AT_LEAST_ONE:
            if name in self.fields and self.cleaned_data.get(name) == 0:
                self.add_error(name, _("Please give 1 or more."))
        self._clean_options()
        self._clean_secrets()
        return cleaned

    def _clean_options(self) -> None:
        raw: dict[str, Any] = {}
        for option in self.option_fields:
            name = f"option_{option.name}"
            if name in self.errors:
                continue
            try:
                value = option_fields.typed(option, self.cleaned_data.get(name))
            except option_fields.NotReadable as error:
                self.add_error(name, f"{option.label}: {error}")
                continue
            if value is not option_fields.NOTHING:
                raw[option.name] = value
        if not any(name.startswith("option_") for name in self.errors):
            read = self._read(self.backend.options_type, raw, prefix="option_")
            self._options = _without_defaults(read) if read else {}

    def _clean_secrets(self) -> None:
        given: dict[str, str] = {}
        for secret in self.secret_fields:
            value = str(self.cleaned_data.get(f"secret_{secret.name}") or "")
            if value:
                given[secret.name] = value
            elif self.are_secrets_lost or self.cleaned_data.get(f"forget_{secret.name}"):
                given[secret.name] = ""
        if not any(name.startswith("secret_") for name in self.errors):
            whole = {name: value for name, value in (self._stored | given).items() if value}
            self._read(self.backend.secrets_type, whole, prefix="secret_")
            self._secrets = given

    def _read(
        self, kind: type[msgspec.Struct], raw: dict[str, Any], *, prefix: str
    ) -> msgspec.Struct | None:
        """The struct; what is wrong is said beside its field."""
        try:
            return options.read(kind, raw)
        except RuleBroken as error:
            field = next(
                (o for o in options.fields_of(kind) if o.name == _named(error, kind)), None
            )
            words = option_fields.words_for(field, str(error)) if field else str(error)
            self.add_error(f"{prefix}{field.name}" if field else None, words)
            return None

    @property
    def connection(self) -> Connection:
        """The row the form is about."""
        row: Connection = self.instance
        return row

    def filled(self) -> Connection:
        """A connection as the valid form says, beside the stored one: nothing is saved."""
        connection = copy.copy(self.connection)
        self._fill(connection)
        return connection

    def _fill(self, connection: Connection) -> None:
        connection.kind, connection.options = self.kind, self._options
        if self.are_secrets_lost:
            connection.secrets = ""
        set_secrets(connection, self._secrets)

    def save(self, commit: bool = True) -> Any:
        """The connection with its options and sealed secrets; makes the update user asked for."""
        self._fill(self.instance)
        wanted = one_line(str(self.cleaned_data.get("new_update_user") or ""))
        if wanted:
            # An address that no mail can reach, the same for the same name (RFC 6761).
            address = f"{slug(wanted)}@updates.invalid"
            self.instance.update_user = create_update_user(name=wanted, email=address)
        return super().save(commit=commit)


class NewConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A connection begins with its kind; what the kind needs is asked next."""

    kind = forms.ChoiceField(label=gettext_lazy("Send method"), widget=UnfoldAdminSelectWidget())

    class Meta:
        model = Connection
        fields = ["name", "kind"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        if isinstance(kind, forms.ChoiceField):
            kind.choices = kind_choices()


def _named(error: RuleBroken, kind: type[msgspec.Struct]) -> str:
    """The field an error is about: its own, else the one the message quotes."""
    names = [field.name for field in options.fields_of(kind)]
    return error.field or next((name for name in names if f"`{name}`" in str(error)), "")


def _without_defaults(read: msgspec.Struct) -> dict[str, Any]:
    """Only what differs, so that a default that a later version betters is bettered here too."""
    plain = options.plain(read)
    defaults = {
        field.name: msgspec.to_builtins(field.default)
        for field in options.fields_of(type(read))
        if not field.required
    }
    return {
        name: value
        for name, value in plain.items()
        if name not in defaults or value != defaults[name]
    }
