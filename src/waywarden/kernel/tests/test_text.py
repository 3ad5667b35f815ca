"""Cleaning text."""

import pytest

from waywarden.kernel import text


def test_control_characters_go_and_lines_stay():
    assert text.paragraphs("a\x00b\r\nc\x07\t d") == "ab\nc d"


def test_runs_of_blank_lines_become_one():
    assert text.paragraphs("a\n\n\n\n\nb") == "a\n\nb"


def test_one_line_has_single_spaces():
    assert text.one_line("  a\n b\t\tc ") == "a b c"


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        ("Street lighting", "street-lighting"),
        ("Mäkelä & Söhne", "makela-sohne"),
        ("道路", "x"),
        ("", "x"),
    ],
)
def test_slugs_are_plain_words(given, slug):
    assert text.slug(given) == slug


@pytest.mark.parametrize(("length", "short"), [(5, "abcde"), (4, "abc…"), (1, "…")])
def test_shortened_text_says_that_it_was_cut(length, short):
    assert text.shorten("abcde", length) == short


@pytest.mark.parametrize(
    ("given", "number"),
    [("0", 0), ("4711", 4711), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None)]
    + [(odd, None) for odd in ("", "-1", "+1", " 1", "1.0", "²", "٣", "1_0", "x")],
)
def test_a_whole_number_is_a_few_plain_digits(given, number):
    assert text.whole_number(given) == number


def test_half_a_character_is_no_text():
    assert text.one_line("a\ud800b") == text.paragraphs("a\udfffb") == "ab"
