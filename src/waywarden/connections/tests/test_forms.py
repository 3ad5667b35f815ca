"""A connection's form: validated by its plug-in, its secrets never shown."""

import pytest

from waywarden.connections.forms import ConnectionForm, fieldsets_for
from waywarden.connections.models import Connection
from waywarden.connections.services import secrets_of, set_secrets
from waywarden.users.models import User

pytestmark = pytest.mark.django_db
ENDPOINT = "https://county.example.org/open311"


def a_connection(**changed):
    connection = Connection(name="County", kind="open311", **changed)
    set_secrets(connection, {"api_key": "very-secret"})
    connection.save()
    return connection


def filled(connection, **changed):
    """What a browser sends for a connection's page, with some fields typed anew."""
    form = ConnectionForm(instance=connection)
    data = {}
    for bound in form:
        value = bound.value()
        if value is not None and value is not False:
            data[bound.name] = value
    return {name: value for name, value in (data | changed).items() if value is not None}


def test_the_fields_are_the_plug_ins_and_the_engines():
    form = ConnectionForm(instance=Connection(kind="open311"))
    for name in ("option_endpoint", "option_jurisdiction", "secret_api_key", "fetches_updates"):
        assert name in form.fields
    stated = [name for _title, options in form.fieldsets for name in options["fields"]]
    assert sorted(stated) == sorted(form.fields)


def test_a_kind_is_offered_only_what_it_can_do():
    form = ConnectionForm(instance=Connection(kind="email"))
    for name in ("fetches_updates", "update_user", "new_update_user", "zone"):
        assert name not in form.fields
    assert "secret_api_key" not in form.fields
    assert fieldsets_for("email")


def test_options_are_stored_without_what_is_usual():
    data = filled(a_connection(), option_endpoint=ENDPOINT, option_format="json", poll_seconds=30)
    form = ConnectionForm(data, instance=Connection.objects.get())
    assert form.is_valid(), form.errors
    form.save()
    stored = Connection.objects.get()
    assert stored.options == {"endpoint": ENDPOINT, "format": "json"}
    assert stored.poll_seconds == 30


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"option_endpoint": ""}, "option_endpoint", "fill this in"),
        ({"option_endpoint": "not an address"}, "option_endpoint", "Endpoint: "),
        ({"option_timeout_seconds": "soon"}, "option_timeout_seconds", "Time-out (seconds): "),
        ({"option_timeout_seconds": "0"}, "option_timeout_seconds", "a number of 1 or more"),
        ({"option_timeout_seconds": "601"}, "option_timeout_seconds", "a number of 600 or less"),
        ({"option_endpoint": "https://u:p@example.org/"}, "option_endpoint", "without user name"),
        ({"option_endpoint": "example.org/v2"}, "option_endpoint", "a whole address, such as"),
        ({"option_statuses": "WIP"}, "option_statuses", "Their statuses: line 1 has no “=”"),
        ({"zone": "Mars/Olympus"}, "zone", "Europe/London"),
        ({"poll_seconds": "0"}, "poll_seconds", "1 or more"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(typed, field, words):
    data = filled(a_connection(), **{"option_endpoint": ENDPOINT, **typed})
    form = ConnectionForm(data, instance=Connection.objects.get())
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]


def test_a_secret_is_never_shown():
    connection = a_connection(options={"endpoint": ENDPOINT})
    data = filled(connection, option_endpoint="bad", secret_api_key="typed-anew")
    for form in (ConnectionForm(instance=connection), ConnectionForm(data, instance=connection)):
        page = form.as_p()
        assert "very-secret" not in page
        assert "typed-anew" not in page
        assert connection.secrets not in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({}, {"api_key": "very-secret"}),
        ({"secret_api_key": "other"}, {"api_key": "other"}),
        ({"forget_api_key": "on"}, {}),
    ],
)
def test_a_secret_is_kept_replaced_or_forgotten(typed, kept):
    data = filled(a_connection(), option_endpoint=ENDPOINT, **typed)
    form = ConnectionForm(data, instance=Connection.objects.get())
    assert form.is_valid(), form.errors
    form.save()
    assert secrets_of(Connection.objects.get()) == kept


def test_an_update_user_is_made_on_the_spot():
    data = filled(a_connection(), option_endpoint=ENDPOINT, new_update_user="The County")
    form = ConnectionForm(data, instance=Connection.objects.get())
    assert form.is_valid(), form.errors
    form.save()
    made = User.objects.get()
    assert (made.name, made.is_update_user) == ("The County", True)
    assert Connection.objects.get().update_user == made


def test_the_choice_of_update_users_holds_no_people():
    person = User.objects.create_user("rosa@example.org", name="Rosa")
    robot = User.objects.create_user("county@updates.invalid", is_update_user=True)
    choices = ConnectionForm(instance=a_connection()).fields["update_user"].queryset
    assert robot in choices
    assert person not in choices


def test_a_form_can_be_tried_without_storing_anything():
    connection = a_connection(options={"endpoint": "https://old.example.org"})
    data = filled(connection, option_endpoint=ENDPOINT, secret_api_key="tried")
    form = ConnectionForm(data, instance=Connection.objects.get())
    assert form.is_valid(), form.errors
    trial = form.filled()
    assert (trial.options["endpoint"], secrets_of(trial)) == (ENDPOINT, {"api_key": "tried"})
    stored = Connection.objects.get()
    assert stored.options == {"endpoint": "https://old.example.org"}
    assert secrets_of(stored) == {"api_key": "very-secret"}
