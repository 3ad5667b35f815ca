"""What a service list proposes."""

import pytest

from waywarden.open311.types import Attribute, AttributeValue, Service, ServiceDefinition
from waywarden.sync.plain_text import plain_text
from waywarden.sync.proposals import Held, listed_from, propose


def listed(*services, definitions=None):
    return listed_from(services, definitions or {})


def values(code="POT", name="Potholes", **fields):
    """A category's values as one that never had questions."""
    return {
        "name": name, "service_code": code, "groups": [], "description": "", "keywords": [],
        "is_private": False, "state": "confirmed", "questions": [],
    } | fields  # fmt: skip


def held(number=1, code="POT", name="Potholes", *, values_=None, **fields):
    return Held(number, values(code, name, **(values_ or {})), **fields)


def many(count):
    return [held(number, f"C{number}", f"Name {number}") for number in range(count)]


def services(count):
    return [Service(f"C{number}", f"Name {number}") for number in range(count)]


def test_a_new_service_is_a_category_with_all_that_came_with_it():
    rows, deviations = listed(
        Service(
            "S 1/2",
            " Pot  hole ",
            description="Deep<br>holes &amp; more",
            keywords=("private", "roads"),
            groups=("Roads", "Safety"),
        )
    )
    assert deviations == ()
    [row] = propose(rows, []).added
    assert row.values == values(
        "S 1/2",
        "Pot hole",
        description="Deep\nholes & more",
        keywords=["private", "roads"],
        groups=["Roads", "Safety"],
        is_private=True,
    )


@pytest.mark.parametrize(
    ("keywords", "state", "is_private"),
    [
        ((), "confirmed", False),
        (("inactive",), "inactive", False),
        (("staff",), "staff", False),
        (("Private", "staff"), "staff", True),
        (("staff", "inactive"), "inactive", False),
        (("waste_only", "potholes"), "confirmed", False),
    ],
)
def test_keywords_that_carry_meaning(keywords, state, is_private):
    [row], _deviations = listed(Service("A", "A", keywords=keywords))
    assert (row.values["state"], row.values["is_private"]) == (state, is_private)


def test_names_and_codes_are_used_once_and_a_code_is_needed():
    rows, deviations = listed(
        Service("A", "Lamps"),
        Service("B", "lamps"),
        Service("A", "Again"),
        Service("", "None"),
        Service("C", ""),
    )
    assert [row.values["name"] for row in rows] == ["Lamps", "lamps (B)", "C"]
    assert [one.code for one in deviations] == [
        "service-name", "service-twice", "service-without-code", "service-name",
    ]  # fmt: skip


def test_definitions_become_questions_and_notices_in_order():
    definition = ServiceDefinition(
        "A",
        (
            Attribute("note", variable=False, order=9, description="Call <b>311</b>"),
            Attribute(
                "where", order=1, required=True, datatype="singlevaluelist",
                values=(AttributeValue("a", "Alley"), AttributeValue("s", "", "Call us")),
            ),
            Attribute("easting", order=3, automated="server_set", datatype="strange"),
            Attribute("where", order=4),
            Attribute(""),
        ),
    )  # fmt: skip
    [row], deviations = listed(Service("A", "A", metadata=True), definitions={"A": definition})
    assert row.values["questions"] == [
        {
            "code": "where", "datatype": "singlevaluelist", "description": "", "hint": "",
            "required": True, "variable": True, "automated": "", "order": 1,
            "values": [
                {"key": "a", "name": "Alley"},
                {"key": "s", "name": "s", "disable_message": "Call us"},
            ],
        },
        {
            "code": "easting", "datatype": "string", "description": "", "hint": "",
            "required": False, "variable": True, "automated": "server_set", "order": 2,
            "values": [],
        },
        {
            "code": "note", "datatype": "string", "description": "Call 311", "hint": "",
            "required": False, "variable": False, "automated": "", "order": 3, "values": [],
        },
    ]  # fmt: skip
    assert [one.code for one in deviations] == ["question-code", "question-code"]


def test_a_definition_that_was_not_to_be_had_leaves_the_questions_alone():
    rows, _deviations = listed(Service("POT", "Potholes", metadata=True))
    category = held(values_={"questions": [{"code": "where"}]})
    assert propose(rows, [category]).is_empty


def test_a_change_is_told_field_by_field_and_protected_fields_stay():
    rows, _deviations = listed(Service("POT", "Holes", description="New", group="Roads"))
    proposal = propose(rows, [held(protected=frozenset({"name", "groups"}))])
    [changed] = proposal.changed
    assert [(one.field, one.old, one.new, one.is_protected) for one in changed.changes] == [
        ("name", "Potholes", "Holes", True),
        ("groups", [], ["Roads"], True),
        ("description", "", "New", False),
    ]
    assert changed.to_apply == {"description": "New"}


def test_a_category_by_email_takes_the_code_of_the_service_of_its_name():
    rows, _deviations = listed(Service("POT", "potholes"))
    proposal = propose(rows, [held(code="")])
    assert proposal.added == ()
    assert proposal.changed[0].to_apply == {"service_code": "POT", "name": "potholes"}


def test_a_service_whose_code_changed_keeps_its_category():
    rows, _deviations = listed(Service("NEW", "Potholes"))
    proposal = propose(rows, [held(code="OLD")])
    assert (proposal.added, proposal.gone) == ((), ())
    assert proposal.changed[0].to_apply == {"service_code": "NEW"}


def test_what_is_not_listed_any_more_is_gone_but_not_what_the_list_does_not_speak_for():
    rows, _deviations = listed(*services(20))
    categories = [
        *many(20),
        held(30, "GONE", "Gone"),
        held(31, "KEPT", "Kept", protected=frozenset({"state"})),
        held(32, "", "By e-mail"),
        held(33, "OFF", "Off", values_={"state": "inactive"}),
        held(34, "DEV", "Devolved", is_other_way=True),
        held(35, "DEL", "Deleted", values_={"state": "deleted"}, is_deleted=True),
    ]
    proposal = propose(rows, categories)
    assert [(one.name, one.is_protected) for one in proposal.gone] == [
        ("Gone", False),
        ("Kept", True),
    ]
    assert proposal.waits == ""


@pytest.mark.parametrize(
    ("listed_count", "held_count", "waits"),
    [
        (0, 5, "The list is empty."),
        (0, 0, "The list is empty."),
        (18, 20, ""),
        (17, 20, "The list has lost 3 of 20 services."),
        (5, 0, ""),
        (40, 20, ""),
    ],
)
def test_an_empty_list_and_one_that_loses_more_than_a_tenth_wait(listed_count, held_count, waits):
    rows, _deviations = listed(*services(listed_count))
    assert propose(rows, many(held_count)).waits == waits


@pytest.mark.parametrize(
    ("renamed", "held_count", "waits"),
    [
        (4, 40, ""),
        (5, 40, "The list changes 5 services; 40 are in use."),
        (40, 40, "The list changes 40 services; 40 are in use."),
        (3, 3, ""),  # of a short list three may always differ
        (4, 4, "The list changes 4 services; 4 are in use."),
    ],
)
def test_a_list_that_changes_more_than_a_tenth_waits(renamed, held_count, waits):
    names = [Service(f"C{n}", f"Renamed {n}") for n in range(renamed)]
    rows, _deviations = listed(*names, *services(held_count)[renamed:])
    assert propose(rows, many(held_count)).waits == waits


def test_what_is_protected_or_comes_back_is_no_large_change():
    rows, _deviations = listed(*(Service(f"C{n}", f"Renamed {n}") for n in range(10)))
    ours = [held(n, f"C{n}", f"Name {n}", protected=frozenset({"name"})) for n in range(5)] + [
        held(n, f"C{n}", f"Renamed {n}", values_={"state": "inactive"}, state_before="confirmed")
        for n in range(5, 10)
    ]
    assert propose(rows, ours).waits == ""


def test_a_restored_service_comes_back_as_it_was():
    rows, _deviations = listed(Service("POT", "Potholes"))
    category = held(values_={"state": "inactive"}, state_before="staff")
    [changed] = propose(rows, [category]).changed
    assert changed.is_restored
    assert changed.to_apply == {"state": "staff"}


def test_what_a_person_switched_off_or_made_private_stays_so():
    rows, _deviations = listed(Service("POT", "Potholes"))
    category = held(values_={"state": "inactive", "is_private": True})
    assert propose(rows, [category]).is_empty


def test_a_keyword_that_comes_or_goes_switches():
    rows, _deviations = listed(Service("POT", "Potholes", keywords=("inactive", "private")))
    [changed] = propose(rows, [held()]).changed
    assert changed.to_apply == {
        "keywords": ["inactive", "private"], "is_private": True, "state": "inactive",
    }  # fmt: skip


def test_a_deleted_category_is_not_brought_back_by_its_service():
    rows, _deviations = listed(Service("POT", "Potholes", description="New"))
    deleted = held(values_={"state": "deleted"}, is_deleted=True)
    assert propose(rows, [deleted]).is_empty


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain  text", "Plain text"),
        ("a < b and c > d", "a < b and c > d"),
        ("One<br><br/>Two", "One\n\nTwo"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<ul><li>One</li><li>Two</li></ul>", "– One\n\n– Two"),
        ("Fish &amp; chips &eacute;", "Fish & chips é"),
        ("<script>alert(1)</script>Hello <a href='x'>there</a>", "Hello there"),
        ("", ""),
    ],
)
def test_markup_becomes_plain_text(text, expected):
    assert plain_text(text) == expected
