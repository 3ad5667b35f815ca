"""Applies configuration files: all of them, or nothing when one line is wrong."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Model

from waywarden.areas.models import Area, Layer
from waywarden.backends.registry import backend_class
from waywarden.bodies.config_files import (
    OF_SITES,
    Document,
    columns_of,
    label_of,
    without_none,
)
from waywarden.bodies.config_parts import BodyPart, ConnectionPart, Parts
from waywarden.bodies.models import Body, Category, PlaceRule, Question, ResponseTemplate
from waywarden.bodies.question_models import SiteQuestion
from waywarden.bodies.services import choose_connection
from waywarden.bodies.translations import Translation
from waywarden.connections.models import Connection
from waywarden.connections.services import secrets_of, set_secrets
from waywarden.events.services import NOBODY, Actor
from waywarden.kernel import options
from waywarden.kernel.errors import Misconfigured, RuleBroken
from waywarden.users.models import User
from waywarden.users.services import create_update_user

Values = Mapping[str, Any]
_WAYS = ("fetching_connection", "shadow_connection")
#: What tells the rows of a whole site apart.
_KEYS: dict[type[Model], tuple[str, ...]] = {
    SiteQuestion: ("cobrand", "language", "code"),
    Translation: ("original", "language"),
}


@dataclass(slots=True)
class Applied:
    """What the files change, a line each, and what is wrong with them; nothing is written then."""

    changes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class _TurnBack(Exception):
    """Takes back what was tried."""


def apply(
    documents: Iterable[Document],
    *,
    parts: Parts = Parts(),  # noqa: B008 - a frozen value
    dry_run: bool = False,
    by: Actor = NOBODY,
) -> Applied:
    """Makes the site as the files say; what they do not name is left alone.

    One transaction: with `dry_run`, or when anything is wrong, all of it is taken back.
    """
    run = _Run(by, parts)
    try:
        with transaction.atomic():
            run.take_in(list(documents))
            if dry_run or run.applied.errors:
                raise _TurnBack
    except _TurnBack:
        pass
    return run.applied


class _Run:
    """One application: the connections first, then the bodies, then what they say of each other."""

    def __init__(self, by: Actor, parts: Parts) -> None:
        self.applied, self.by, self.parts = Applied(), by, parts
        self._where = ""
        self._later: list[tuple[str, Callable[[], None]]] = []

    def take_in(self, documents: list[Document]) -> None:
        for document in documents:
            self._try(document.path, partial(self._take, document))
        for where, later in self._later:
            self._try(where, later)

    def _take(self, document: Document) -> None:
        folder = document.path.partition("/")[0]
        if folder == "connections":
            self._connection(document.values)
        elif folder == "bodies":
            self._body(document.values)
        elif document.path in OF_SITES:
            self._site(document)
        else:
            message = f"a site has {', '.join(sorted(OF_SITES))}."
            raise RuleBroken(message)

    def _try(self, where: str, do: Callable[[], None]) -> None:
        self._where = where
        try:
            with transaction.atomic():
                do()
        except (RuleBroken, Misconfigured) as error:
            named = f"{error.field}: " if isinstance(error, RuleBroken) and error.field else ""
            self._wrong(f"{named}{error}")
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self._wrong(f"{name}: {' '.join(messages)}")
        except (TypeError, ValueError, DatabaseError) as error:
            self._wrong(str(error).partition("\n")[0])

    def _wrong(self, words: str) -> None:
        self.applied.errors.append(f"{self._where}: {words}")

    def _save(self, row: Model, values: Values, *, what: str, leaving: set[str]) -> None:
        """Sets plain values, says what is different, checks the whole row, and saves it."""
        known = columns_of(type(row))
        if unknown := sorted(set(values) - set(known) - leaving):
            message = f"{what}: unknown: {', '.join(unknown)}."
            raise RuleBroken(message)
        is_new = row._state.adding
        for name, column in known.items():
            new = values[name] if name in values else column.get_default()
            if without_none(getattr(row, name)) != new and not is_new:
                self.applied.changes.append(f"{self._where}: {what}: {name} becomes {new!r}")
            setattr(row, name, new)
        row.full_clean(exclude=[one.name for one in row._meta.fields if one.is_relation])
        row.save()
        if is_new:
            self.applied.changes.append(f"{self._where}: {what}: new")

    def _connection(self, values: Values) -> None:
        name, kind = str(values.get("name", "")), str(values.get("kind", ""))
        plug_in = backend_class(kind)
        row = Connection.objects.filter(name=name, kind=kind).first() or Connection()
        given = without_none(_table(values, "options"))
        options.read(plug_in.options_type, given)
        if row.pk and row.options != given:
            self.applied.changes.append(f"{self._where}: the options change")
        row.options = given
        try:
            ZoneInfo(str(values.get("zone", "UTC")))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = "It is not the name of a time zone."
            raise RuleBroken(message, field="zone") from error
        if user := values.get("update_user"):
            row.update_user = _update_user(user)
        self._secrets(row, _table(values, "secrets"), plug_in.secrets_type)
        what = f"connection {name} ({kind})"
        leaving = {"options", "secrets", "update_user", *_names(self.parts.of_connections)}
        self._save(row, values, what=what, leaving=leaving)
        for part in self.parts.of_connections:
            if self._differs(part, row, values):
                part.store(row, _tables(values, part.name), self.by)

    def _secrets(self, row: Connection, given: Values, kind: type[options.Secrets]) -> None:
        held = secrets_of(row) if row.pk else {}
        found: dict[str, str] = {}
        for name, said in given.items():
            variable = said.get("env") if isinstance(said, Mapping) else None
            if not isinstance(variable, str):
                message = 'A secret is given as { env = "NAME" } only, never in the file.'
                raise RuleBroken(message, field=name)
            value = _from_environment(variable)
            if not value and name not in held:
                message = f"The environment variable {variable} is not set."
                raise RuleBroken(message, field=name)
            if value and value != held.get(name):
                found[name] = value
                self.applied.changes.append(f"{self._where}: the secret {name} changes")
        options.read(kind, {name: value for name, value in (held | found).items() if name in given})
        set_secrets(row, found)

    def _body(self, values: Values) -> None:
        slug = str(values.get("slug", ""))
        body = Body.objects.filter(slug=slug).first() or Body()
        leaving = {"areas", "parent", "categories", "templates", "sending_connection", *_WAYS}
        leaving |= _names(self.parts.of_bodies)
        self._save(body, values, what=f"body {slug}", leaving=leaving)
        body.areas.set(_found(Area, "code", values.get("areas", []), "areas"))
        where = self._where
        for of_category in _tables(values, "categories"):
            self._try(where, partial(self._category, body, of_category))
        for of_template in _tables(values, "templates"):
            self._try(where, partial(self._template, body, of_template))
        self._later.append((where, partial(self._ways, body, values)))
        for part in self.parts.of_bodies:
            if self._differs(part, body, values):
                part.store(body, _tables(values, part.name), self.by)

    def _differs(
        self, part: BodyPart | ConnectionPart, row: Body | Connection, values: Values
    ) -> bool:
        """Whether a list is another one than the file's; says so."""
        given = _tables(values, part.name)
        differs = list(part.listed([row.pk]).get(row.pk, ())) != given
        if differs:
            self.applied.changes.append(f"{self._where}: {part.name} change")
        return differs

    def _site(self, document: Document) -> None:
        """A list of the whole site: questions are all there are, translations are some of them."""
        name, model = OF_SITES[document.path]
        if unknown := sorted(set(document.values) - {name}):
            message = f"unknown: {', '.join(unknown)}."
            raise RuleBroken(message)
        kept = []
        for said in _tables(document.values, name):
            key = {one: said.get(one, "") for one in _KEYS[model]}
            row = model._default_manager.filter(**key).first() or model()
            self._save(row, said, what=" ".join([name, *filter(None, key.values())]), leaving=set())
            kept.append(row.pk)
        if model is SiteQuestion:
            for row in SiteQuestion.objects.exclude(pk__in=kept):
                self.applied.changes.append(f"{self._where}: questions {row.code}: gone")
                row.delete()

    def _ways(self, body: Body, values: Values) -> None:
        for name in _WAYS:
            setattr(body, name, _connection_called(str(values.get(name, "")), field=name))
        if parent := values.get("parent"):
            (body.parent,) = _found(Body, "slug", [parent], "parent")
        else:
            body.parent = None
        body.save()
        said = str(values.get("sending_connection", ""))
        way = _connection_called(said, field="sending_connection")
        if way != body.sending_connection:
            self.applied.changes.append(f"{self._where}: sends by {said or 'e-mail'}")
        choose_connection(body, way, by=self.by)

    def _category(self, body: Body, values: Values) -> None:
        slug = str(values.get("slug", ""))
        row = Category.objects.filter(body=body, slug=slug).first() or Category(body=body)
        row.connection = _connection_called(str(values.get("connection", "")), field="connection")
        leaving = {"connection", "questions", "place_rules"}
        self._save(row, values, what=f"category {slug}", leaving=leaving)
        questions = _tables(values, "questions")
        for said in questions:
            code = str(said.get("code", ""))
            question = row.questions.filter(code=code).first() or Question(category=row)
            self._save(question, said, what=f"category {slug}, question {code}", leaving=set())
        row.questions.exclude(code__in=[said.get("code") for said in questions]).delete()
        row.place_rules.all().delete()
        for said in _tables(values, "place_rules"):
            (layer,) = _found(Layer, "name", [said.get("layer")], "layer")
            rule = PlaceRule(category=row, layer=layer)
            for name in columns_of(PlaceRule):
                if name in said:
                    setattr(rule, name, said[name])
            rule.full_clean()
            rule.save()

    def _template(self, body: Body, values: Values) -> None:
        title = str(values.get("title", ""))
        row = ResponseTemplate.objects.filter(body=body, title=title).first()
        row = row or ResponseTemplate(body=body)
        self._save(row, values, what=f"template {title}", leaving={"categories"})
        slugs = list(values.get("categories", []))
        found = list(Category.objects.filter(body=body, slug__in=slugs))
        if len(found) != len(set(slugs)):
            message = f"template {title}: it names a category that the body does not have."
            raise RuleBroken(message)
        row.categories.set(found)


def _tables(values: Values, name: str) -> list[dict[str, Any]]:
    """A list of tables, [] where there is none. Raises RuleBroken for anything else."""
    found = values.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        message = f"It is not a list of tables; write [[{name}]] above each."
        raise RuleBroken(message, field=name)
    return found


def _table(values: Values, name: str) -> dict[str, Any]:
    """A table, {} where there is none. Raises RuleBroken for anything else."""
    found = values.get(name, {})
    if not isinstance(found, dict):
        message = f"It is not a table; write [{name}] above its lines."
        raise RuleBroken(message, field=name)
    return found


def _update_user(given: Any) -> User:
    if not isinstance(given, dict) or {"name", "email"} - set(given):
        message = 'It is given as { name = "…", email = "…" }.'
        raise RuleBroken(message, field="update_user")
    return create_update_user(name=str(given["name"]), email=str(given["email"]))


def _names(parts: Iterable[BodyPart | ConnectionPart]) -> set[str]:
    return {part.name for part in parts}


def _from_environment(variable: str) -> str:
    """The variable, or the content of the file that `VARIABLE_FILE` names."""
    path = os.environ.get(f"{variable}_FILE", "")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            message = f"The file that {variable}_FILE names cannot be read."
            raise Misconfigured(message) from error
    return os.environ.get(variable, "").strip()


def _connection_called(label: str, *, field: str) -> Connection | None:
    if not label:
        return None
    name = label.rpartition(" (")[0]
    found = next(
        (one for one in Connection.objects.filter(name=name) if label_of(one) == label), None
    )
    if found is None:
        message = f"There is no connection called {label}."
        raise RuleBroken(message, field=field)
    return found


def _found(model: type[Model], key: str, wanted: list[Any], field: str) -> list[Any]:
    rows = {
        getattr(row, key): row for row in model._default_manager.filter(**{f"{key}__in": wanted})
    }
    if missing := [str(one) for one in wanted if one not in rows]:
        message = f"not known here: {', '.join(missing)}"
        raise RuleBroken(message, field=field)
    return [rows[one] for one in wanted]
