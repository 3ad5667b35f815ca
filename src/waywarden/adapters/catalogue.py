"""What a deployment offers: the system's services as its tables want them, with their questions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from waywarden.adapters.contract import System, SystemOptions
from waywarden.adapters.deployment import Deployment, QuestionTable, ServiceTable
from waywarden.kernel import clock
from waywarden.kernel.errors import TryLater, WaywardenError
from waywarden.open311.types import Attribute, AttributeValue, Discovery, Endpoint, Service

SERVER_SET: Mapping[str, tuple[str, str]] = {
    "fixmystreet_id": ("number", "The sender's number of the report"),
    "report_url": ("string", "Where the report is shown"),
    "title": ("string", "The report's title"),
    "description": ("text", "The report's words alone"),
    "category": ("string", "The name of the category"),
    "group": ("string", "The heading of the category"),
    "closest_address": ("string", "The nearest address"),
    "easting": ("number", "Easting"),
    "northing": ("number", "Northing"),
    "uprn": ("string", "The number of the property"),
    "usrn": ("string", "The number of the street"),
}
"""What the sender can be asked to add without asking the reporter: code to type and meaning."""


WRAPPED = "_wrapped_service_code"
"""The question by which a service that wraps several categories asks for one."""


def discovery_of(deployment: Deployment) -> Discovery:
    """What a deployment says of itself."""
    endpoint = Endpoint(
        specification="http://wiki.open311.org/GeoReport_v2",
        url=deployment.public_url or "",
        changeset=deployment.changeset,
        type="production" if deployment.is_live else "test",
        formats=("text/xml", "application/json"),
    )
    return Discovery(
        changeset=deployment.changeset,
        contact=deployment.contact,
        key_service=f"Ask {deployment.name} for a key.",
        endpoints=(endpoint,) if deployment.public_url else (),
    )


class Catalogue:
    """Services and questions of one deployment, asked for again only after a while."""

    def __init__(self, deployment: Deployment, options: SystemOptions, system: System) -> None:
        self._tables, self._asks = deployment.services, deployment.asks
        self._kept_for = timedelta(seconds=options.services_seconds)
        self._system = system
        self._services: tuple[datetime, tuple[Service, ...]] | None = None
        self._questions: dict[str, tuple[datetime, tuple[Attribute, ...]]] = {}

    def services(self, *, old_will_do: bool = False) -> tuple[Service, ...]:
        """What is offered. `old_will_do` takes an old list where no new one comes."""
        kept = self._services
        if kept is not None and clock.now() - kept[0] < self._kept_for:
            return kept[1]
        try:
            found = tuple(self._offered())
        except WaywardenError as error:
            if not old_will_do:
                raise
            if kept is not None:
                return kept[1]
            message = "The system could not be asked which services there are."
            raise TryLater(message) from error
        self._services = (clock.now(), found)
        return found

    def service(self, code: str, *, old_will_do: bool = False) -> Service | None:
        """The service of a code, None when it is not offered."""
        found = self.services(old_will_do=old_will_do)
        return next((one for one in found if one.service_code == code), None)

    def questions(self, code: str, *, old_will_do: bool = False) -> tuple[Attribute, ...]:
        """Notice, questions of system and file, then what the sender fills by itself; in order."""
        table = self._tables.get(code)
        category = self.category_of(code)  # "" of one that wraps several: what it asks is here
        theirs = self._theirs(category, old_will_do=old_will_do) if category else ()
        found = [*_notice(table), *theirs, *_of_file(table)]
        known = {one.code for one in found}
        found += [_asked(code) for code in self._asks if code not in known]
        return tuple(replace(one, order=order) for order, one in enumerate(found, start=1))

    def category_of(
        self, code: str, answers: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> str:
        """The system's word for a service; of one that wraps several, the one that was answered."""
        table = self._tables.get(code)
        if table is not None and table.wraps:
            return next(iter(answers.get(WRAPPED, ())), "")
        return (table.category if table else "") or code

    def categories_of(self, code: str) -> tuple[str, ...]:
        """Every category that a service stands for."""
        table = self._tables.get(code)
        return (
            tuple(table.wraps) if table is not None and table.wraps else (self.category_of(code),)
        )

    def code_of(self, category: str) -> str:
        """The first service that stands for the system's category."""
        return next(iter(self._codes_of(category)))

    def _offered(self) -> Iterator[Service]:
        theirs = self._system.services()
        if theirs is None:
            for code, table in self._tables.items():
                if table.offered:
                    yield self._shown(Service(code, table.name or code), table)
            return
        shown: set[str] = set()
        for service in theirs:
            for code in self._codes_of(service.service_code):
                table = self._tables.get(code, ServiceTable())
                if table.offered and code not in shown:
                    yield self._shown(replace(service, service_code=code), table)
                shown.add(code)

    def _codes_of(self, category: str) -> Sequence[str]:
        return [
            code
            for code, one in self._tables.items()
            if one.category == category or category in one.wraps
        ] or [category]

    def _shown(self, service: Service, table: ServiceTable) -> Service:
        return replace(
            service,
            service_name=table.name or service.service_name,
            description=table.description or service.description,
            keywords=table.keywords or service.keywords,
            groups=table.groups or service.groups,
            group=table.groups[0] if len(table.groups) == 1 else service.group,
            metadata=bool(
                service.metadata or table.notice or table.questions or table.wraps or self._asks
            ),
        )

    def _theirs(self, category: str, *, old_will_do: bool) -> tuple[Attribute, ...]:
        kept = self._questions.get(category)
        if kept is not None and clock.now() - kept[0] < self._kept_for:
            return kept[1]
        try:
            found = self._system.attributes(category)
        except WaywardenError as error:
            if not old_will_do:
                raise
            if kept is not None:
                return kept[1]
            message = "The system could not be asked what it wants to know."
            raise TryLater(message) from error
        self._questions[category] = (clock.now(), found)
        return found


def _notice(table: ServiceTable | None) -> Iterator[Attribute]:
    if table is not None and table.notice:
        yield Attribute(code="notice", variable=False, description=table.notice)


def _of_file(table: ServiceTable | None) -> Iterator[Attribute]:
    if table is not None and table.wraps:
        choice = QuestionTable(
            code=WRAPPED,
            text=table.wraps_text,
            datatype="singlevaluelist",
            required=True,
            values=table.wraps,
        )
        yield _question(choice)
    for question in table.questions if table else ():
        yield _question(question)


def _question(question: QuestionTable) -> Attribute:
    return Attribute(
        code=question.code,
        datatype=question.datatype,
        required=question.required,
        description=question.text,
        datatype_description=question.hint,
        values=tuple(AttributeValue(key, name) for key, name in question.values.items()),
    )


def _asked(code: str) -> Attribute:
    datatype, meaning = SERVER_SET[code]
    return Attribute(
        code=code,
        variable=False,
        datatype=datatype,
        description=meaning,
        automated="server_set",
    )
