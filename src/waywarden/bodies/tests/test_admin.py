"""The body's page with its send method, and the category's."""

import pytest
from django.urls import reverse

from waywarden.areas.models import Layer
from waywarden.backends.open311.plugin import Open311Backend
from waywarden.bodies.forms import LinesField
from waywarden.bodies.models import Body, Category, Membership, Question
from waywarden.connections.models import Connection, Exchange
from waywarden.connections.services import secrets_of, set_secrets
from waywarden.kernel.errors import TryLater
from waywarden.open311.types import Service
from waywarden.users.models import User

pytestmark = pytest.mark.django_db
ENDPOINT = "https://county.example.org/open311"


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


@pytest.fixture
def county():
    return Body.objects.create(name="The County", slug="county")


def open311(body):
    connection = Connection(name=body.name, kind="open311", options={"endpoint": ENDPOINT})
    set_secrets(connection, {"api_key": "very-secret"})
    connection.save()
    body.sending_connection = connection
    body.save()
    return connection


def page_of(thing, page="change"):
    name = thing._meta.model_name
    return reverse(f"admin:{thing._meta.app_label}_{name}_{page}", args=[thing.pk])


def sent_by(client, address, **typed):
    """What a browser sends for the page at an address, with some fields typed anew."""
    context = client.get(address).context
    forms = [context["adminform"].form]
    forms += [method["adminform"].form for method in context.get("methods", [])]
    data = {}
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if hasattr(value, "all") or isinstance(value, list):
                value = [getattr(item, "pk", item) for item in value]
            if value is not None and value is not False and value != []:
                data[bound.html_name] = value
    return {name: value for name, value in (data | typed).items() if value is not None}


def save(client, address, **typed):
    return client.post(address, sent_by(client, address, **typed))


def test_a_body_gets_open311_and_a_connection_of_its_own(olive, county):
    answer = save(
        olive,
        page_of(county),
        send_method="open311",
        **{
            "open311-option_endpoint": ENDPOINT,
            "open311-secret_api_key": "very-secret",
            "open311-fetches_updates": "on",
            "open311-new_update_user": "The County",
        },
    )
    assert answer.status_code == 302
    connection = Body.objects.get().sending_connection
    assert (connection.kind, connection.name) == ("open311", "The County")
    assert connection.options == {"endpoint": ENDPOINT}
    assert secrets_of(connection) == {"api_key": "very-secret"}
    assert connection.fetches_updates
    assert connection.update_user.name == "The County"


def test_without_settings_the_method_is_not_taken_and_its_panel_is_shown(olive, county):
    answer = save(olive, page_of(county), send_method="open311")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert '<div data-send-method="open311">' in page
    assert '<div data-send-method="email" hidden>' in page
    assert "look at the settings of this method" in page
    assert Body.objects.get().sending_connection is None
    assert not Connection.objects.exists()


def test_a_wrong_option_is_named_on_the_page(olive, county):
    answer = save(
        olive, page_of(county), send_method="open311", **{"open311-option_endpoint": "nonsense"}
    )
    assert "Endpoint: " in answer.content.decode()


def test_email_is_no_connection(olive, county):
    assert save(olive, page_of(county)).status_code == 302
    assert Body.objects.get().sending_connection is None
    assert not Connection.objects.exists()


def test_switching_back_and_forth_loses_nothing(olive, county):
    connection = open311(county)
    assert save(olive, page_of(county), send_method="email").status_code == 302
    assert Body.objects.get().sending_connection is None
    page = olive.get(page_of(county)).content.decode()
    assert ENDPOINT in page
    assert save(olive, page_of(county), send_method="open311").status_code == 302
    assert Body.objects.get().sending_connection == connection
    stored = Connection.objects.get()
    assert stored.options == {"endpoint": ENDPOINT}
    assert secrets_of(stored) == {"api_key": "very-secret"}


def test_another_bodys_connection_is_not_found_again(olive, county):
    open311(county)
    other = Body.objects.create(name="The County", slug="other")
    assert ENDPOINT not in olive.get(page_of(other)).content.decode()


def test_a_secret_never_stands_in_the_page(olive, county):
    connection = open311(county)
    page = olive.get(page_of(county)).content.decode()
    assert "very-secret" not in page
    assert connection.secrets not in page
    typed = {"open311-option_endpoint": "bad", "open311-secret_api_key": "typed-anew"}
    assert "typed-anew" not in save(olive, page_of(county), **typed).content.decode()


def test_a_body_can_be_added_with_its_method(olive):
    answer = save(
        olive,
        reverse("admin:bodies_body_add"),
        name="New",
        slug="new",
        send_method="open311",
        **{"open311-option_endpoint": ENDPOINT},
    )
    assert answer.status_code == 302
    assert Body.objects.get().sending_connection.options == {"endpoint": ENDPOINT}


def test_the_test_asks_with_what_is_typed_and_stores_no_settings(olive, county, monkeypatch):
    asked = []

    def check(self, notes):
        asked.append(self.options.endpoint)
        return ("The key is not known there.",)

    monkeypatch.setattr(Open311Backend, "check", check)
    open311(county)
    typed = sent_by(
        olive, page_of(county), **{"open311-option_endpoint": "https://new.example.org"}
    )
    answer = olive.post(reverse("admin:bodies_body_test", args=[county.pk]), typed)
    assert asked == ["https://new.example.org"]
    assert "The key is not known there." in answer.content.decode()
    assert Connection.objects.get().options == {"endpoint": ENDPOINT}


def test_the_test_says_what_failed_in_words(olive, county, monkeypatch):
    def check(self, notes):
        message = "Nobody answers there."
        raise TryLater(message)

    monkeypatch.setattr(Open311Backend, "check", check)
    open311(county)
    typed = sent_by(olive, page_of(county))
    answer = olive.post(reverse("admin:bodies_body_test", args=[county.pk]), typed)
    assert "Nobody answers there." in answer.content.decode()


def test_the_test_of_wrong_settings_asks_nobody(olive, county):
    typed = sent_by(olive, page_of(county), send_method="open311")
    answer = olive.post(reverse("admin:bodies_body_test", args=[county.pk]), typed)
    assert "Endpoint" in answer.content.decode()
    assert not Exchange.objects.exists()


def test_the_test_is_pressed_not_opened_and_only_by_the_operator(olive, county, client):
    address = reverse("admin:bodies_body_test", args=[county.pk])
    assert olive.get(address).status_code == 404
    ines = User.objects.create_user("ines@example.org")
    Membership.objects.create(user=ines, body=county, role="administrator")
    client.force_login(ines)
    assert client.post(address).status_code == 302


def test_the_test_names_a_service_code_that_the_systems_list_has_not(olive, county, monkeypatch):
    monkeypatch.setattr(Open311Backend, "check", lambda _self, _notes: ())
    monkeypatch.setattr(
        Open311Backend, "list_services", lambda _self, _notes: [Service("POT", "Potholes")]
    )
    open311(county)
    for name, values in {
        "Potholes": {"service_code": "POT"},
        "Trees": {"service_code": "trees"},
        "Old": {"service_code": "OLD", "state": "inactive"},
        "Lights": {"service_code": "LAMP", "is_devolved_to_email": True},
    }.items():
        Category.objects.create(body=county, name=name, slug=name.lower(), **values)
    Body.objects.update(can_be_devolved=True)
    typed = sent_by(olive, page_of(county))
    page = olive.post(reverse("admin:bodies_body_test", args=[county.pk]), typed).content.decode()
    assert "There is no service trees, the code of the category “Trees”." in page
    assert page.count("There is no service") == 1


def test_a_category_that_reaches_nobody_is_saved_with_a_warning(olive, county):
    lights = Category.objects.create(body=county, name="Lights", slug="lights")
    page = reverse("admin:bodies_category_change", args=[lights.pk])
    said = olive.post(page, sent_by(olive, page), follow=True).content.decode()
    assert "its reports go nowhere as it stands: it has no e-mail address." in said
    typed = sent_by(olive, page, emails="a@example.org, b@example.org;c@example.org")
    said = olive.post(page, typed, follow=True).content.decode()
    assert "go nowhere" not in said
    lights.refresh_from_db()
    assert lights.emails == ["a@example.org", "b@example.org", "c@example.org"]
    typed = sent_by(olive, page, send_method="email")
    assert "does not count while" in olive.post(page, typed, follow=True).content.decode()


def test_changing_a_bodys_way_says_which_categories_go_nowhere_or_are_ignored_now(olive, county):
    Category.objects.create(body=county, name="Lights", slug="lights", emails=["l@example.org"])
    Category.objects.create(
        body=county, name="Trees", slug="trees", emails=["t@example.org"],
        service_code="TREE", is_devolved_to_email=True,
    )  # fmt: skip
    page = page_of(county)
    typed = sent_by(olive, page, send_method="open311", **{"open311-option_endpoint": ENDPOINT})
    said = olive.post(page, typed, follow=True).content.decode()
    assert "1 category has nowhere to go now: Lights: it has no service code." in said
    assert "1 category keeps a send method of its own" in said
    assert "cannot be devolved: Trees." in said


def test_an_own_choice_that_is_ignored_is_marked(olive, county):
    category = Category.objects.create(
        body=county, name="Lights", slug="lights", is_devolved_to_email=True
    )
    open311(county)
    for address in (
        page_of(category),
        page_of(county),
        reverse("admin:bodies_category_changelist"),
    ):
        assert "kept but ignored: " in olive.get(address).content.decode()
    Body.objects.update(can_be_devolved=True)
    assert "kept but ignored" not in olive.get(page_of(category)).content.decode()


def test_a_category_chooses_its_own_way_and_back(olive, county):
    connection = open311(county)
    category = Category.objects.create(
        body=county, name="Lights", slug="lights", emails=["a@example.org"], service_code="L"
    )
    for method, by_email, own in (("email", True, None), ("own", False, connection)):
        own_pk = own.pk if own else None
        answer = save(olive, page_of(category), send_method=method, connection=own_pk)
        assert answer.status_code == 302
        category.refresh_from_db()
        assert (category.is_devolved_to_email, category.connection) == (by_email, own)
    assert save(olive, page_of(category), send_method="same").status_code == 302
    category.refresh_from_db()
    assert (category.is_devolved_to_email, category.connection) == (False, None)
    assert (category.emails, category.service_code) == (["a@example.org"], "L")


def test_an_own_connection_must_be_named(olive, county):
    category = Category.objects.create(body=county, name="Lights", slug="lights")
    answer = save(olive, page_of(category), send_method="own")
    assert "choose the connection" in answer.content.decode()


def test_addresses_are_typed_one_a_line_and_checked(olive, county):
    category = Category.objects.create(body=county, name="Lights", slug="lights")
    save(olive, page_of(category), emails="a@example.org\n\n b@example.org ")
    category.refresh_from_db()
    assert category.emails == ["a@example.org", "b@example.org"]
    answer = save(olive, page_of(category), emails="a@example.org\nnonsense")
    assert "nonsense: " in answer.content.decode()


def test_choices_of_a_question_are_typed_one_a_line(olive, county):
    category = Category.objects.create(body=county, name="Lights", slug="lights")
    values = [{"key": "a", "name": "One", "extra": 1}, {"key": "b", "name": "Two"}]
    question = Question.objects.create(
        category=category, code="q", datatype="singlevaluelist", values=values
    )
    typed = {"questions-0-choices_text": "a = Uno\nc = Three = Ring us."}
    assert save(olive, page_of(category), **typed).status_code == 302
    question.refresh_from_db()
    assert question.values == [
        {"key": "a", "name": "Uno", "extra": 1},
        {"key": "c", "name": "Three", "disable_message": "Ring us."},
    ]


def test_the_lists_ask_the_same_number_of_queries_for_many_rows(
    olive, county, django_assert_max_num_queries
):
    for number in range(12):
        body = Body.objects.create(name=f"B{number}", slug=f"b{number}", parent=county)
        connection = open311(body)
        Category.objects.create(
            body=body, name=f"C{number}", slug="c", connection=connection, emails=[]
        )
    for name in ("bodies_body", "bodies_category"):
        with django_assert_max_num_queries(12):
            olive.get(reverse(f"admin:{name}_changelist"))


def test_a_category_tells_people_what_to_do_and_where_it_is_on_offer(olive, county):
    pothole = Category.objects.create(body=county, name="Pothole", slug="pothole")
    layer = Layer.objects.create(name="Trunk roads")
    typed = {
        "emergency_notice": "Call 112.", "target_days": "14", "look_alike_metres": "100",
        "place_rules-TOTAL_FORMS": "1", "place_rules-0-layer": str(layer.pk),
        "place_rules-0-where": "outside", "place_rules-0-metres": "20",
    }  # fmt: skip
    answer = save(olive, page_of(pothole), **typed)
    assert answer.status_code == 302, answer.context["errors"]
    pothole.refresh_from_db()
    assert (pothole.emergency_notice, pothole.target_days) == ("Call 112.", 14)
    assert str(pothole.place_rules.get()) == "only off it: Trunk roads"


def test_a_question_that_depends_on_another_keeps_its_answers(olive, county):
    pothole = Category.objects.create(body=county, name="Pothole", slug="pothole")
    depth = Question.objects.create(category=pothole, code="depth")
    prefix = "questions-0-"
    answer = save(
        olive, page_of(pothole),
        **{prefix + "shown_if": "other", prefix + "shown_if_values": "yes\nperhaps"},
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["errors"]
    depth.refresh_from_db()
    assert (depth.shown_if, depth.shown_if_values) == ("other", ["yes", "perhaps"])
    wrong = save(olive, page_of(pothole), **{prefix + "shown_if": "depth"})
    assert "A question cannot depend on itself." in wrong.content.decode()


def test_lines_hold_nothing_that_no_table_can_keep():
    assert LinesField().clean("a\x00b\r\n\x00\r\nc\ud800") == ["ab", "c"]
