"""What a sample report and a sample change of the system would become. Nothing is sent."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from waywarden.adapters.catalogue import SERVER_SET, WRAPPED
from waywarden.adapters.contract import NotOffered, Report, Update
from waywarden.adapters.deployment import Loaded
from waywarden.adapters.mapping import StatusTable
from waywarden.adapters.mounting import open_one
from waywarden.adapters.provider import SystemProvider
from waywarden.adapters.store import Store
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.open311 import types, writing
from waywarden.open311.provider import Provider

_KEY = "sample-key"


class SampleReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report as `--report` takes it: the fields of POST requests, as JSON."""

    service_code: str = ""
    lat: float = 60.17
    long: float = 24.94
    description: str = "A deep hole in the cycle lane."
    address_string: str = ""
    first_name: str = "Rosa"
    last_name: str = "Reporter"
    email: str = "rosa@example.org"
    phone: str = ""
    media_url: str = "https://site.example/photo/1.jpeg"
    attributes: dict[str, str | list[str]] = {}


def read_report(text: bytes) -> SampleReport:
    """The sample in a JSON file. Raises RuleBroken that names what is wrong."""
    try:
        return msgspec.json.decode(text, type=SampleReport)
    except msgspec.DecodeError as error:
        raise RuleBroken(f"The sample report cannot be read: {error}") from error


def moved(sample: SampleReport, at: str) -> SampleReport:
    """The sample at another place, such as `51.5,-0.1`. Raises RuleBroken."""
    try:
        lat, long = map(float, at.split(","))
    except ValueError as error:
        raise RuleBroken("Write the place as 51.5,-0.1 (latitude, longitude).") from error
    return msgspec.structs.replace(sample, lat=lat, long=long)


def previews(
    loaded: Loaded,
    *,
    sample: SampleReport,
    change: Mapping[str, Any] | None,
    environ: Mapping[str, str],
) -> Iterator[str]:
    """Pieces of text for a person, each with its heading."""
    with tempfile.TemporaryDirectory() as folder:
        opened = open_one(loaded, store=Store(Path(folder) / "store"), environ=environ)
        yield from _of(opened.mounted.provider, loaded, sample, change)
        opened.close()


def _of(
    provider: Provider, loaded: Loaded, sample: SampleReport, change: Mapping[str, Any] | None
) -> Iterator[str]:
    for name, child in getattr(provider, "children", {}).items():
        for text in _of(child, loaded.children[name], sample, change):
            yield f"{name}: {text}"
    if isinstance(provider, SystemProvider):
        yield _report(provider, loaded, sample)
        yield _update(provider)
        yield _change(provider, loaded, change)
        yield _statuses(loaded)


def _report(provider: SystemProvider, loaded: Loaded, sample: SampleReport) -> str:
    deployment = loaded.deployment
    code = sample.service_code or next(iter(deployment.services), "SERVICE")
    given = {name: tuple([v] if isinstance(v, str) else v) for name, v in sample.attributes.items()}
    filled = {name: (_made_up(name),) for name in deployment.asks}
    filled["fixmystreet_id"] = ("77",)
    fields = msgspec.structs.asdict(sample)
    for name in ("service_code", "media_url", "attributes"):
        del fields[name]
    new = types.NewRequest(
        service_code=code,
        media_urls=(sample.media_url,) if sample.media_url else (),
        attributes=filled | given,
        **fields,
    )
    wrapped = next(iter(deployment.services[code].wraps), "") if code in deployment.services else ""
    if wrapped and WRAPPED not in given:
        new = replace(new, attributes={**new.attributes, WRAPPED: (wrapped,)})
    category = provider.catalogue.category_of(code, new.attributes)
    report = Report(new=new, ref=new.attributes["fixmystreet_id"][0], key=_KEY, category=category)
    text = _said(lambda: provider.system.preview_report(report))
    steps = "".join(f"\nafterwards: {one.name}" for one in provider.system.report_steps(report))
    return f"A report for {code} would become\n{text}{steps}"


def _made_up(name: str) -> str:
    return "1" if SERVER_SET[name][0] == "number" else "Sample"


def _update(provider: SystemProvider) -> str:
    new = types.NewUpdate(
        service_request_id="4711",
        update_id="12",
        status="OPEN",
        updated_datetime=clock.now(),
        description="It has grown.",
        first_name="Rosa",
        last_name="Reporter",
    )
    words = provider.frame.deployment.statuses_out
    update = Update(new=new, ref="12", key=_KEY, status=words.get("OPEN", "OPEN"), category="")
    text = _said(lambda: provider.system.preview_update(update))
    return f"What people add to report 4711 would become\n{text}"


def _change(provider: SystemProvider, loaded: Loaded, change: Mapping[str, Any] | None) -> str:
    def told() -> str:
        row = provider.system.sample_change(_a_state(loaded)) if change is None else change
        update = provider.system.read_change(row)
        status = StatusTable(loaded.deployment.statuses).for_update(update.status)
        shown = msgspec.json.format(msgspec.json.encode(row), indent=1).decode()
        if status is None:
            return f"{shown}\nnothing: the state {update.status!r} is ignored."
        update = replace(update, status=status)
        document = "".join(writing.write_updates([update], "json"))
        return f"{shown}\nthe update\n{document}"

    return f"The system's change\n{_said(told)}"


def _a_state(loaded: Loaded) -> str:
    """The system's word for a state that says the most: one that means that it is mended."""
    words = loaded.deployment.statuses
    return next((word for word, ours in words.items() if ours == "fixed"), next(iter(words), ""))


def _statuses(loaded: Loaded) -> str:
    table = StatusTable(loaded.deployment.statuses)
    lines = [
        f"  {word} → {(table.for_update(word) or 'ignored').upper()}"
        for word in loaded.deployment.statuses
    ]
    return "\n".join(["The system's states become", *lines]) if lines else "No states are mapped."


def _said(ask: Any) -> str:
    try:
        return str(ask())
    except NotOffered:
        return "nothing: this system does not offer that."
    except WaywardenError as error:
        return f"an error: {error}"
