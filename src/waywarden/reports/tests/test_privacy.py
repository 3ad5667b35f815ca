"""Who may see a report: Rosa, Ines of the body, Oskar of another, Nobody."""

import pytest

from waywarden.reports.privacy import NOBODY, Sight, Viewer, sight_of

BODY, OTHER = 1, 2
ROSA = Viewer(user_id=10)
INES = Viewer(user_id=11, body_ids=frozenset({BODY}))
OSKAR = Viewer(user_id=12, body_ids=frozenset({OTHER}))
OPERATOR = Viewer(user_id=13, is_operator=True)


def sight(viewer, *, state="confirmed", is_private=False):
    return sight_of(
        state=state,
        is_private=is_private,
        reporter_id=10,
        body_ids=frozenset({BODY}),
        viewer=viewer,
    )


@pytest.mark.parametrize("viewer", [ROSA, INES, OSKAR, NOBODY, OPERATOR])
def test_everybody_sees_a_public_report(viewer):
    assert sight(viewer) is Sight.FULL


@pytest.mark.parametrize(
    ("viewer", "expected"),
    [(ROSA, Sight.FULL), (INES, Sight.FULL), (OPERATOR, Sight.FULL),
     (OSKAR, Sight.FORBIDDEN), (NOBODY, Sight.FORBIDDEN)],
)  # fmt: skip
def test_a_private_report_is_for_its_reporter_and_its_body(viewer, expected):
    assert sight(viewer, is_private=True) is expected


@pytest.mark.parametrize(
    ("viewer", "expected"),
    [
        (INES, Sight.FULL),
        (OPERATOR, Sight.FULL),
        (ROSA, Sight.GONE),
        (OSKAR, Sight.GONE),
        (NOBODY, Sight.GONE),
    ],
)
def test_a_hidden_report_is_gone(viewer, expected):
    assert sight(viewer, state="hidden") is expected


@pytest.mark.parametrize("viewer", [ROSA, INES, OSKAR, NOBODY])
def test_an_unconfirmed_report_does_not_exist_for_anybody(viewer):
    assert sight(viewer, state="unconfirmed") is Sight.NOT_FOUND
