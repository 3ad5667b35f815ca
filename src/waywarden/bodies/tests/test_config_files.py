"""A site's bodies and connections as files: the same again, all or nothing, and no secret."""

import pytest
import shapely
import tomlkit

from waywarden.areas.models import Area, Layer
from waywarden.bodies import config_files, config_services
from waywarden.bodies.models import Body, Category, PlaceRule, Question, ResponseTemplate
from waywarden.bodies.question_models import SiteQuestion
from waywarden.bodies.translations import Translation
from waywarden.connections.models import Connection
from waywarden.connections.services import secrets_of, set_secrets
from waywarden.users.models import User

pytestmark = pytest.mark.django_db
VARIABLE = "SECRET_COUNTY_OPEN311_API_KEY"


@pytest.fixture
def site():
    """A county with an Open311 connection in shadow, and a category with everything."""
    area = Area.objects.create(
        name="County", kind="county", code="C1", west=-2, south=51, east=-1, north=52,
        boundary=shapely.to_wkb(shapely.box(-2, 51, -1, 52)),
    )  # fmt: skip
    roads = Layer.objects.create(name="Roads")
    user = User.objects.create(
        email="county@updates.invalid", name="County Council", is_update_user=True
    )
    connection = Connection(
        name="County", kind="open311", sends_updates=True, zone="UTC", update_user=user,
        options={"endpoint": "https://c.example.org", "statuses": {"done": "fixed - council"}},
        retry_minutes=[5, 60],
    )  # fmt: skip
    set_secrets(connection, {"api_key": "very-secret-key"})
    connection.save()
    county = Body.objects.create(
        name="County Council", slug="county", shadow_connection=connection, can_be_devolved=True
    )
    county.areas.add(area)
    potholes = Category.objects.create(
        body=county, name="Potholes", slug="potholes", emails=["a@example.org"], service_code="POT",
        groups=["Roads"], connection=connection,
    )  # fmt: skip
    Question.objects.create(
        category=potholes, code="DEPTH", description="How deep?", required=True,
        datatype="singlevaluelist", values=[{"key": "1", "name": "Deep"}],
    )  # fmt: skip
    PlaceRule.objects.create(category=potholes, layer=roads, where="within", metres=20)
    template = ResponseTemplate.objects.create(
        body=county, title="Thanks", text="Thank you.", states=["confirmed"]
    )
    template.categories.add(potholes)
    return county


def emptied():
    ResponseTemplate.objects.all().delete()
    Body.objects.all().delete()
    Connection.objects.all().delete()


def written(folder):
    config_files.write(folder, config_files.documents())
    return {path.name: path.read_text() for path in folder.glob("*/*.toml")}


def test_an_empty_site_becomes_the_same_again(site, tmp_path, monkeypatch):
    first = written(tmp_path)
    emptied()
    monkeypatch.setenv(VARIABLE, "very-secret-key")

    applied = config_services.apply(config_files.read(tmp_path))

    assert applied.errors == []
    assert written(tmp_path) == first
    connection = Connection.objects.get()
    assert secrets_of(connection) == {"api_key": "very-secret-key"}
    assert Body.objects.get().shadow_connection == connection
    assert Category.objects.get().place_rules.get().layer.name == "Roads"


def test_no_file_holds_a_secret(site, tmp_path):
    text = "".join(written(tmp_path).values())

    assert "very-secret-key" not in text
    assert Connection.objects.get().secrets not in text
    assert f'api_key = {{env = "{VARIABLE}"}}' in text or f'env = "{VARIABLE}"' in text


def test_applying_what_is_changes_nothing_and_needs_no_secret_that_is_held(site, tmp_path):
    written(tmp_path)

    applied = config_services.apply(config_files.read(tmp_path))

    assert (applied.changes, applied.errors) == ([], [])


def test_a_dry_run_says_what_would_change_and_changes_nothing(site, tmp_path):
    written(tmp_path)
    path = tmp_path / "bodies/county.toml"
    path.write_text(path.read_text().replace("County Council", "County of C"))

    applied = config_services.apply(config_files.read(tmp_path), dry_run=True)

    assert applied.changes == ["bodies/county.toml: body county: name becomes 'County of C'"]
    assert Body.objects.get().name == "County Council"
    config_services.apply(config_files.read(tmp_path))
    assert Body.objects.get().name == "County of C"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('update_user = "Olive"', "update_user"),
        ('update_user = {email = "a@example.org"}', "update_user"),
        ('secrets = "k3y"', "secrets"),
        ('options = "x"', "options"),
    ],
)
def test_a_value_of_the_wrong_shape_is_named(site, tmp_path, line, words):
    written(tmp_path)
    path = tmp_path / "connections/county.open311.toml"
    name = line.partition(" ")[0]
    kept = tomlkit.parse(path.read_text()).unwrap()
    kept.pop(name)
    path.write_text(f"{line}\n{tomlkit.dumps(kept)}")

    applied = config_services.apply(config_files.read(tmp_path))

    assert any(words in error for error in applied.errors)


@pytest.mark.parametrize("name", ["categories", "templates"])
def test_a_list_that_is_none_is_named(site, tmp_path, name):
    written(tmp_path)
    (tmp_path / "bodies/county.toml").write_text(f'slug = "county"\nname = "C"\n{name} = ["x"]')

    (error,) = config_services.apply(config_files.read(tmp_path)).errors

    assert f"[[{name}]]" in error


def test_questions_of_sites_and_translations_travel_too(site, tmp_path):
    SiteQuestion.objects.create(code="seen", description="Did you see it?", required=True)
    SiteQuestion.objects.create(code="seen", description="Vu ?", language="fr", cobrand="city")
    Translation.objects.create(original="Potholes", language="fr", text="Nids-de-poule")
    first = written(tmp_path)
    SiteQuestion.objects.all().delete()
    Translation.objects.all().delete()
    SiteQuestion.objects.create(code="old")
    Translation.objects.create(original="Trees", language="fr", text="Arbres")

    applied = config_services.apply(config_files.read(tmp_path))

    assert applied.errors == []
    assert "site/questions.toml: questions old: gone" in applied.changes
    assert SiteQuestion.objects.get(language="fr").cobrand == "city"
    assert set(Translation.objects.values_list("text", flat=True)) == {"Nids-de-poule", "Arbres"}
    assert {name: first[name] for name in ("questions.toml", "county.toml")} == {
        name: text for name, text in written(tmp_path).items() if name in first
        and name in ("questions.toml", "county.toml")
    }  # fmt: skip


def test_a_file_of_a_site_that_is_not_known_is_named(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/banners.toml").write_text('a = "b"')

    (error,) = config_services.apply(config_files.read(tmp_path)).errors

    assert "questions.toml" in error


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("connections/county.open311.toml", "https://c", "gopher://c", "endpoint"),
        ("connections/county.open311.toml", 'zone = "UTC"', 'zone = "Mars"', "time zone"),
        ("connections/county.open311.toml", "sends_updates", "sends_update", "sends_update"),
        ("connections/county.open311.toml", 'kind = "open311"', 'kind = "pigeon"', "pigeon"),
        ("bodies/county.toml", '"C1"', '"C2"', "C2"),
        ("bodies/county.toml", "a@example.org", "nobody", "emails"),
        ("bodies/county.toml", "County (open311)", "City (open311)", "City (open311)"),
        ("bodies/county.toml", 'layer = "Roads"', 'layer = "Rails"', "Rails"),
    ],
)
def test_one_wrong_line_is_named_and_nothing_is_written(site, tmp_path, file, old, new, words):
    written(tmp_path)
    path = tmp_path / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    other = tmp_path / "bodies/county.toml"
    other.write_text(other.read_text().replace("County Council", "Changed"))

    applied = config_services.apply(config_files.read(tmp_path))

    assert any(error.startswith(file) and words in error for error in applied.errors)
    assert Body.objects.get().name == "County Council"


def test_a_secret_that_nobody_holds_is_an_error(site, tmp_path):
    written(tmp_path)
    emptied()

    applied = config_services.apply(config_files.read(tmp_path))

    assert any(VARIABLE in error for error in applied.errors)
    assert not Connection.objects.exists()


def test_a_secret_written_in_a_file_is_refused(site, tmp_path):
    written(tmp_path)
    path = tmp_path / "connections/county.open311.toml"
    path.write_text(
        path.read_text().partition("[secrets")[0] + '[secrets]\napi_key = "in the file"\n'
    )

    applied = config_services.apply(config_files.read(tmp_path))

    assert any("never in the file" in error for error in applied.errors)
    assert 'in the file"' not in "".join(applied.errors)


def test_what_the_files_do_not_name_is_left_alone(site, tmp_path):
    written(tmp_path)
    Category.objects.create(body=site, name="Trees", slug="trees")
    Body.objects.create(name="Other", slug="other")

    assert config_services.apply(config_files.read(tmp_path)).errors == []

    assert Category.objects.filter(slug="trees").exists()
    assert Body.objects.filter(slug="other").exists()


def test_a_file_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "bodies").mkdir()
    (tmp_path / "bodies/x.toml").write_text("= 1")

    with pytest.raises(config_files.RuleBroken, match=r"bodies/x\.toml"):
        config_files.read(tmp_path)
