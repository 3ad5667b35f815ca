"""What looks personal in public words, and what only nearly does."""

import pytest

from waywarden.reports.personal_data import Finding, Kind, personal_data


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Write to rosa.w@mail.example, please", Kind.EMAIL, "rosa.w@mail.example"),
        ("Ring 020 7946 0958 any time", Kind.PHONE, "020 7946 0958"),
        ("Ring +358 40 123 4567.", Kind.PHONE, "+358 40 123 4567"),
        ("(020) 7946-0958", Kind.PHONE, "(020) 7946-0958"),
        ("The van AB12 CDE stands there", Kind.PLATE, "AB12 CDE"),
        ("ab12cde blocks the drive", Kind.PLATE, "ab12cde"),
        ("A car, ABC-123, blue", Kind.PLATE, "ABC-123"),
        ("B-CD 1234 since Monday", Kind.PLATE, "B-CD 1234"),
        ("AA-123-BB", Kind.PLATE, "AA-123-BB"),
        ("1234 BCD", Kind.PLATE, "1234 BCD"),
    ],
)
def test_addresses_numbers_and_plates_are_found(text, kind, found):
    assert personal_data(text) == (Finding(kind, found),)


@pytest.mark.parametrize(
    "text",
    [
        "Lamp 4711 is dark since 01.02.2026",
        "Since 2026-03-01, near Mannerheimintie 10",
        "On the A1 between B4040 and M25",
        "Job COUNCIL-12, post 12/345",
        "30 cm deep, 1.5 m wide, 10 000 litres",
        "House numbers 12-14, flat 3b",
        "@council please, 5@night",
        "Ref 0471",
    ],
)
def test_what_only_looks_a_little_like_it_is_let_be(text):
    assert personal_data(text) == ()


def test_the_same_is_said_once_and_in_order():
    found = personal_data("ABC-123 and a@b.example", "ABC-123 again")
    assert [one.kind for one in found] == [Kind.PLATE, Kind.EMAIL]
