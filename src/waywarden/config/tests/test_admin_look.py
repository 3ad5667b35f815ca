"""Every page of the operator's admin opens for the operator, and for nobody else."""

import pytest
from django.contrib import admin
from django.urls import reverse

from waywarden.bodies.models import Body, Membership
from waywarden.config.admin_look import UNFOLD
from waywarden.users.models import User

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in MODELS if model.__module__.startswith("waywarden.")]


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


def address_of(model, page):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_opens(olive, model):
    assert olive.get(address_of(model, "changelist")).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_list_can_be_searched_by_words_and_numbers(olive, model):
    if admin.site._registry[model].search_fields:
        for term in ("pothole", "4711", "report 4711", "rosa@example.org"):
            answer = olive.get(address_of(model, "changelist"), {"q": term})
            assert answer.status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_add_page_opens_or_is_forbidden_on_purpose(olive, model, rf):
    request = rf.get("/")
    request.user = User.objects.get(email="olive@example.org")
    may_add = admin.site._registry[model].has_add_permission(request)
    answer = olive.get(address_of(model, "add"))
    assert answer.status_code == (200 if may_add else 403)


def test_the_front_page_has_the_menu(olive):
    answer = olive.get("/admin/")
    for title in ("Bodies", "Connections", "Deliveries", "Rows set aside", "Bans"):
        assert title in answer.content.decode()


def test_every_line_of_the_menu_leads_to_a_list(olive):
    for group in UNFOLD["SIDEBAR"]["navigation"]:
        for item in group["items"]:
            assert olive.get(str(item["link"])).status_code == 200


def test_admin_users_leads_to_the_users(olive):
    answer = olive.get("/admin/users", follow=True)
    assert answer.status_code == 200
    assert reverse("admin:users_user_changelist") in answer.content.decode()


@pytest.mark.parametrize("page", ["/admin/", "/admin/bodies/body/", "/admin/users/user/add/"])
def test_ines_and_oskar_and_nobody_cannot_open_it(client, page):
    mine = Body.objects.create(name="Mine", slug="mine")
    theirs = Body.objects.create(name="Theirs", slug="theirs")
    ines = User.objects.create_user("ines@example.org")
    oskar = User.objects.create_user("oskar@example.org")
    Membership.objects.create(user=ines, body=mine, role="administrator")
    Membership.objects.create(user=oskar, body=theirs, role="administrator")
    for person in (None, ines, oskar):
        client.logout()
        if person is not None:
            client.force_login(person)
        answer = client.get(page)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
