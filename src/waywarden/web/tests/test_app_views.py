"""The site as an app: manifest, icons, service worker, the page without a network."""

import io
import json

import pytest
from PIL import Image

pytestmark = pytest.mark.django_db


def test_the_manifest_names_this_site_and_icons_that_there_are(client):
    told = json.loads(client.get("/manifest.webmanifest").content)
    assert told["name"] == "Waywarden"
    assert told["display"] == "standalone"
    purposes = set()
    for icon in told["icons"]:
        answer = client.get(icon["src"])
        picture = Image.open(io.BytesIO(answer.content))
        assert f"{picture.width}x{picture.height}" == icon["sizes"]
        purposes.add(icon["purpose"])
    assert purposes == {"any", "maskable"}
    for shortcut in told["shortcuts"]:
        assert client.get(shortcut["url"]).status_code in (200, 302)


def test_another_host_is_another_app(client):
    own = client.get("/icon-192.png")
    host = {"HTTP_HOST": "borsetshire.localhost"}
    assert json.loads(client.get("/manifest.webmanifest", **host).content)["name"] != "Waywarden"
    assert client.get("/icon-192.png", **host).content != own.content


def test_icons_come_in_few_sizes(client):
    assert client.get("/icon-180.png").status_code == 200
    assert client.get("/icon-4000.png").status_code == 404


def test_the_worker_keeps_files_that_there_are(client):
    answer = client.get("/service-worker.js")
    assert answer["Content-Type"] == "text/javascript"
    text = answer.content.decode()
    first = text.splitlines()[0]
    files = json.loads(first.removeprefix("self.FILES=").partition(";")[0])
    assert files
    shown = client.get("/offline").content.decode()
    for address in files:
        assert address.startswith("/static/")
    for linked in ("page.css", "forms.css", "app.js"):
        assert any(address.endswith(linked) for address in files)
        assert linked in shown


def test_every_page_knows_its_manifest(client):
    assert 'rel="manifest"' in client.get("/").content.decode()
