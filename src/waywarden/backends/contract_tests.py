"""The contract as tests: subclass `ContractTests` beside your plug-in and give it a remote.

    class TestPigeon(ContractTests):
        kind = PigeonBackend

        @pytest.fixture
        def remote(self):
            with served(FakeLoft()) as loft:
                yield PigeonRemote(loft)

Every test holds for every back-end that sends over a network; a test that your remote cannot play
is skipped by leaving its mood out of `moods`.
"""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from waywarden.backends.contract import (
    Accepted,
    Backend,
    Capability,
    Notes,
    OutgoingPhoto,
    OutgoingReport,
    OutgoingUpdate,
    Pending,
    Person,
)
from waywarden.kernel.errors import Misconfigured, Refused, TryLater, Unknown, WaywardenError
from waywarden.kernel.http import Exchange
from waywarden.kernel.options import fields_of

SECRET = "a-secret-that-nobody-may-see"  # noqa: S105 - it stands for one

REPORT = OutgoingReport(
    key="0e8a2b4c-0000-4000-8000-000000000001",
    report_id=7,
    report_url="https://example.org/report/7",
    title="Deep pothole",
    description="By the bus stop.\n\nIt grows ‒ “daily” & <fast>.",
    category="Potholes",
    group="Roads",
    service_code="POT",
    emails=("roads@example.org",),
    lat=52.2,
    lon=-1.5,
    is_placed=True,
    nearest_address="12 High Street",
    person=Person(name="Rosa van Dale", email="rosa@example.org", phone="123"),
    is_private=False,
    created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
)
UPDATE = OutgoingUpdate(
    key="0e8a2b4c-0000-4000-8000-000000000002",
    update_id=3,
    report_id=7,
    report_url="https://example.org/report/7",
    external_id="4711",
    title="Deep pothole",
    text="It grows.",
    state="confirmed",
    reopens=False,
    service_code="POT",
    emails=("roads@example.org",),
    person=Person(name="Rosa van Dale", email="rosa@example.org"),
    created_at=datetime(2026, 3, 1, 13, tzinfo=UTC),
)
PRIVATE_PHOTO = OutgoingPhoto(
    url="", filename="7.0.full.jpg", content_type="image/jpeg", read=lambda: b"\xff\xd8\xff"
)
#: Capability → the methods that a kind which claims it must have of its own.
METHODS = {
    Capability.SENDS_REPORTS: ("send_report",),
    Capability.SENDS_UPDATES: ("send_update",),
    Capability.FETCHES_UPDATES: ("fetch_updates",),
    Capability.FETCHES_REPORTS: ("fetch_reports",),
    Capability.LISTS_SERVICES: ("list_services", "describe_service"),
    Capability.RESOLVES_TOKENS: ("resolve_token",),
    Capability.LOOKS_UP: ("look_up",),
}


class Remote(Protocol):
    """The body's system, as a test plays it: a small real server on loopback.

    `backend` opens the plug-in towards it, with SECRET as a secret and `record` for what is said.
    `be` takes a mood: `well`, `down` (503, nothing is done), `unreachable`, `loses_reply` (it is
    done, the answer is lost), `refuses` (400 or its like), `locked` (401 or 403), `html` (a login
    page with 200).
    `arrived` counts the reports it holds.
    """

    moods: frozenset[str]

    def backend(self, *, record: Callable[[Exchange], None]) -> Backend: ...
    def be(self, mood: str) -> None: ...
    def arrived(self) -> int: ...


class ContractTests:
    """What every plug-in that sends must do. pytest collects the subclasses."""

    kind: ClassVar[type[Backend]]

    def test_it_says_what_it_is(self) -> None:
        assert self.kind.kind
        assert self.kind.label
        assert self.kind.capabilities

    def test_what_it_claims_it_has(self) -> None:
        for capability in self.kind.capabilities:
            for name in METHODS[capability]:
                assert getattr(self.kind, name) is not getattr(Backend, name), name

    def test_every_option_and_secret_is_explained(self) -> None:
        for option in (*fields_of(self.kind.options_type), *fields_of(self.kind.secrets_type)):
            assert option.label, option.name
            assert option.help, option.name

    def test_a_report_arrives(self, remote: Remote) -> None:
        answer = _opened(remote).send_report(REPORT, {})
        assert isinstance(answer, Accepted | Pending)
        assert remote.arrived() == 1

    def test_a_private_photo_travels_itself(self, remote: Remote) -> None:
        private = dataclasses.replace(REPORT, is_private=True, photos=(PRIVATE_PHOTO,))
        _opened(remote).send_report(private, {})
        assert remote.arrived() == 1

    def test_an_update_arrives(self, remote: Remote) -> None:
        backend = _opened(remote)
        if backend.can(Capability.SENDS_UPDATES):
            sent = backend.send_report(REPORT, {})
            number = sent.external_id if isinstance(sent, Accepted) else ""
            update = dataclasses.replace(UPDATE, external_id=number or UPDATE.external_id)
            assert isinstance(backend.send_update(update, {}), Accepted | Pending)

    def test_each_trouble_is_named_for_who_must_act(self, remote: Remote) -> None:
        meanings: dict[str, tuple[type[WaywardenError], ...]] = {
            "unreachable": (TryLater,),
            "down": (TryLater,),
            "loses_reply": (Unknown,),
            "html": (Unknown,),
            "refuses": (Refused,),
            "locked": (Misconfigured,),
        }
        for mood, kinds in meanings.items():
            if mood in remote.moods:
                remote.be(mood)
                assert type(_trouble(remote)) in kinds, mood

    def test_what_was_not_taken_did_not_arrive(self, remote: Remote) -> None:
        for mood in remote.moods & {"unreachable", "down", "refuses", "locked", "html"}:
            remote.be(mood)
            _trouble(remote)
            assert remote.arrived() == 0, mood

    def test_a_lost_answer_and_another_try_with_the_same_key_is_one_report(
        self, remote: Remote
    ) -> None:
        if "loses_reply" not in remote.moods:
            return
        notebook: dict[str, str] = {}
        remote.be("loses_reply")
        _trouble(remote, notebook)
        remote.be("well")
        _opened(remote).send_report(REPORT, notebook)
        assert remote.arrived() == 1

    def test_no_secret_is_in_a_record_or_an_error(self, remote: Remote) -> None:
        said: list[Exchange] = []
        errors = []
        for mood in sorted(remote.moods | {"well"}):
            remote.be(mood)
            errors.append(_trouble(remote, record=said.append))
        shown = "".join(f"{one.url}{one.request}{one.response}{one.error}" for one in said)
        assert SECRET not in shown + "".join(str(error) for error in errors)

    def test_the_check_does_no_harm(self, remote: Remote) -> None:
        findings = _opened(remote).check(Notes())
        assert all(findings)
        assert remote.arrived() == 0


def _opened(remote: Remote) -> Backend:
    return remote.backend(record=_nowhere)


def _nowhere(_exchange: Exchange) -> None:
    """Keeps no record."""


def _trouble(
    remote: Remote,
    notebook: dict[str, str] | None = None,
    *,
    record: Callable[[Exchange], None] = _nowhere,
) -> Any:
    """The error that a report meets, None when it was taken."""
    try:
        remote.backend(record=record).send_report(REPORT, {} if notebook is None else notebook)
    except WaywardenError as error:
        return error
    return None
