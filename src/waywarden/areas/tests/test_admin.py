"""Taking boundaries in through the admin."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from waywarden.areas.models import Area, Layer
from waywarden.users.models import User

pytestmark = pytest.mark.django_db
IMPORT = "/admin/areas/area/import/"
SQUARE = [[[24.0, 60.0], [25.0, 60.0], [25.0, 61.0], [24.0, 61.0], [24.0, 60.0]]]


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


def a_file(**properties):
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": SQUARE},
    }
    document = {"type": "FeatureCollection", "features": [feature]}
    return SimpleUploadedFile("areas.geojson", json.dumps(document).encode())


def test_a_file_of_boundaries_is_taken_in(olive):
    answer = olive.post(
        IMPORT, {"file": a_file(name="Borchester", code="B1"), "kind": "district"}, follow=True
    )
    area = Area.objects.get()
    assert (area.name, area.code, area.kind) == ("Borchester", "B1", "district")
    assert "1 area was added, 0 replaced." in answer.content.decode()
    page = olive.get(reverse("admin:areas_area_change", args=[area.pk]))
    assert "Borchester" in page.content.decode()


def test_a_wrong_file_is_said_so_and_nothing_is_taken_in(olive):
    answer = olive.post(IMPORT, {"file": a_file(code="B1"), "kind": "district"})
    assert "Feature 1 has no name." in answer.content.decode()
    assert not Area.objects.exists()


def test_who_may_only_look_cannot_import(client):
    looker = User.objects.create_user("looker@example.org", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_area"))
    client.force_login(looker)
    assert client.get(IMPORT).status_code == 403
    client.logout()
    assert client.get(IMPORT).status_code == 302


def test_a_layer_is_taken_in_and_replaced(olive):
    address = "/admin/areas/layer/import/"
    told = olive.post(address, {"file": a_file(name="x"), "name": "Parks"}, follow=True)
    assert "1 shape was taken in." in told.content.decode()
    olive.post(address, {"file": a_file(name="x"), "name": "Parks"})
    assert Layer.objects.get().shapes.count() == 1


def test_what_is_no_layer_is_said_beside_the_file(olive):
    file = SimpleUploadedFile("roads.geojson", b"{}")
    answer = olive.post("/admin/areas/layer/import/", {"file": file, "name": "Roads"})
    assert answer.status_code == 422
    assert not Layer.objects.exists()
