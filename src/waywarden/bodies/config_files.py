"""Bodies, categories and connections as TOML files (integration.md 1): written, and read as data.

One file a connection (`connections/NAME.KIND.toml`), one a body (`bodies/SLUG.toml`, with its
categories, their questions, and its response templates), one for the questions of whole sites and
one for translations (`site/`). What rooms above keep for either comes as `Parts`. Only what
differs from its default is written, in one order, so that two exports of the same site are the
same. A secret is never written: the file names the environment variable that holds it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from django.db.models import Field, Model
from tomlkit.exceptions import TOMLKitError

from waywarden.backends.registry import backend_classes
from waywarden.bodies.config_parts import BodyPart, ConnectionPart, Parts
from waywarden.bodies.models import Body, Category, PlaceRule, Question, ResponseTemplate
from waywarden.bodies.question_models import SiteQuestion
from waywarden.bodies.translations import Translation
from waywarden.connections.models import Connection
from waywarden.connections.services import secrets_of
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import slug

#: What is no setting: numbers of rows, times, what the engines note, what is written otherwise.
NOT_WRITTEN: dict[type[Model], frozenset[str]] = {
    Connection: frozenset(
        {"secrets", "options", "is_paused", "pause_reason", "resumed_at", "created", "changed"}
    ),
    Body: frozenset({"created"}),
    Category: frozenset({"bounced_emails", "changed"}),
    Question: frozenset(),
    PlaceRule: frozenset(),
    ResponseTemplate: frozenset(),
    SiteQuestion: frozenset(),
    Translation: frozenset({"changed"}),
}
_IN_ORDER: dict[type[Model], tuple[str, ...]] = {
    SiteQuestion: ("cobrand", "language", "order", "code"),
    Translation: ("original", "language"),
}
#: Folders that an export writes in, in the order in which they are applied.
FOLDERS = ("connections", "bodies", "site")
#: Files of a whole site, each with one list, and its rows.
OF_SITES: dict[str, tuple[str, type[Model]]] = {
    "site/questions.toml": ("questions", SiteQuestion),
    "site/translations.toml": ("translations", Translation),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One file: where it lies under the folder, and what it says."""

    path: str
    values: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The file."""
        return tomlkit.dumps(self.values)


def columns_of(model: type[Model]) -> "dict[str, Field[Any, Any]]":
    """The settings of a model that are plain values, by name."""
    return {
        field.name: field
        for field in model._meta.concrete_fields
        if not field.is_relation and not field.primary_key and field.name not in NOT_WRITTEN[model]
    }


def plain_of(row: Model) -> dict[str, Any]:
    """What differs from the defaults, without None: TOML has none."""
    found = {}
    for name, field in columns_of(type(row)).items():
        value = getattr(row, name)
        if value is not None and value != field.get_default():
            found[name] = without_none(value)
    return found


def without_none(value: Any) -> Any:
    """The same without empty places, which JSON has and TOML has not."""
    if isinstance(value, dict):
        return {str(key): without_none(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [without_none(one) for one in value if one is not None]
    return value


def label_of(connection: Connection | None) -> str:
    """What files call a connection: its name and its kind; "" for none."""
    return f"{connection.name} ({connection.kind})" if connection else ""


def variable_for(connection: Connection, secret: str) -> str:
    """The environment variable that holds a secret of a connection."""
    words = f"{connection.name}_{connection.kind}_{secret}"
    return "SECRET_" + re.sub(r"\W+", "_", slug(words).replace("-", "_")).upper()


def documents(parts: Parts = Parts()) -> list[Document]:  # noqa: B008 - a frozen value
    """The whole site's, with `parts` of rooms above.

    Raises RuleBroken where two connections have the same name and kind.
    """
    connections = list(Connection.objects.select_related("update_user").order_by("name", "kind"))
    seen: set[str] = set()
    for connection in connections:
        if (label := label_of(connection)) in seen:
            message = f"Two connections are called {label}; give one another name first."
            raise RuleBroken(message)
        seen.add(label)
    bodies = (
        Body.objects.select_related(
            "parent", "sending_connection", "fetching_connection", "shadow_connection"
        )
        .prefetch_related(
            "areas",
            "templates__categories",
            "categories__connection",
            "categories__questions",
            "categories__place_rules__layer",
        )
        .order_by("slug")
    )
    for_connections = _listed(parts.of_connections, connections)
    for_bodies = _listed(parts.of_bodies, bodies)
    return [
        *(_of_connection(one, for_connections[one.pk]) for one in connections),
        *(_of_body(one, for_bodies[one.pk]) for one in bodies),
        *_of_sites(),
    ]


def _listed(
    parts: Iterable[BodyPart | ConnectionPart], rows: Iterable[Body | Connection]
) -> dict[int, dict[str, Any]]:
    """Row → name of a part → its list, where there is any."""
    found: dict[int, dict[str, Any]] = {row.pk: {} for row in rows}
    for part in parts:
        for number, listed in part.listed(list(found)).items():
            found[number][part.name] = listed
    return found


def _of_sites() -> Iterator[Document]:
    for path, (name, model) in OF_SITES.items():
        if rows := [plain_of(row) for row in model._default_manager.order_by(*_IN_ORDER[model])]:
            yield Document(path, {name: rows})


def _of_connection(connection: Connection, beside: dict[str, Any]) -> Document:
    values: dict[str, Any] = plain_of(connection)
    if connection.update_user is not None:
        user = connection.update_user
        values["update_user"] = {"name": user.name, "email": user.email}
    if connection.options:
        values["options"] = without_none(connection.options)
    kind = backend_classes().get(connection.kind)
    known = kind.secrets_type.__struct_fields__ if kind else ()
    held = {name: {"env": variable_for(connection, name)} for name in secrets_of(connection)}
    if secrets := {name: held[name] for name in known if name in held}:
        values["secrets"] = secrets
    path = f"connections/{slug(connection.name)}.{connection.kind}.toml"
    return Document(path, values | beside)


def _of_body(body: Body, beside: dict[str, Any]) -> Document:
    values = plain_of(body)
    areas = sorted(area.code for area in body.areas.all())
    ways = {
        "sending_connection": label_of(body.sending_connection),
        "fetching_connection": label_of(body.fetching_connection),
        "shadow_connection": label_of(body.shadow_connection),
        "parent": body.parent.slug if body.parent else "",
    }
    values |= {name: value for name, value in ways.items() if value}
    if areas:
        values["areas"] = areas
    categories = sorted(body.categories.all(), key=lambda category: category.slug)
    templates = sorted(body.templates.all(), key=lambda template: template.title)
    if categories:
        values["categories"] = [_of_category(category) for category in categories]
    if templates:
        values["templates"] = [_of_template(template) for template in templates]
    return Document(f"bodies/{body.slug}.toml", values | beside)


def _of_category(category: Category) -> dict[str, Any]:
    values = plain_of(category)
    if category.connection is not None:
        values["connection"] = label_of(category.connection)
    if questions := [plain_of(question) for question in category.questions.all()]:
        values["questions"] = questions
    rules = [plain_of(rule) | {"layer": rule.layer.name} for rule in category.place_rules.all()]
    if rules:
        values["place_rules"] = rules
    return values


def _of_template(template: ResponseTemplate) -> dict[str, Any]:
    values = plain_of(template)
    if slugs := sorted(category.slug for category in template.categories.all()):
        values["categories"] = slugs
    return values


def write(folder: Path, found: Iterable[Document]) -> int:
    """Writes the files, and takes away those of an earlier export that are no more; how many."""
    paths = set()
    for document in found:
        path = folder / document.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document.text, encoding="utf-8")
        paths.add(path)
    for path in folder.glob("*/*.toml"):
        if path.parent.name in FOLDERS and path not in paths:
            path.unlink()
    return len(paths)


def read(folder: Path) -> list[Document]:
    """The files of a folder. Raises RuleBroken naming the file that is no TOML."""
    found = []
    for path in [path for name in FOLDERS for path in sorted(folder.glob(f"{name}/*.toml"))]:
        name = f"{path.parent.name}/{path.name}"
        try:
            values = tomlkit.parse(path.read_text(encoding="utf-8")).unwrap()
        except (TOMLKitError, UnicodeDecodeError) as error:
            message = f"{name}: this is no TOML: {error}"
            raise RuleBroken(message) from error
        found.append(Document(name, values))
    return found
