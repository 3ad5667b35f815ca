"""Answers are checked on the server, by datatype (open311.md 2.3)."""

import pytest

from waywarden.bodies.answers import asked, check

DEPTH = [
    {"key": "shallow", "name": "Shallow"},
    {"key": "0", "name": "None"},
    {"key": "burst", "name": "A burst main", "disable_message": "Call the water works."},
]


def question(datatype, *, required=False, values=()):
    return asked(code="q", datatype=datatype, required=required, values=list(values))


@pytest.mark.parametrize(
    ("datatype", "values", "given", "clean"),
    [
        ("string", (), ["  a  b "], ["a b"]),
        ("text", (), ["a\n\n\n\nb"], ["a\n\nb"]),
        ("number", (), ["4,5"], ["4,5"]),
        ("number", (), ["0"], ["0"]),
        ("datetime", (), ["2026-03-01T12:00"], ["2026-03-01T12:00"]),
        ("singlevaluelist", DEPTH, ["0"], ["0"]),
        ("multivaluelist", DEPTH, ["shallow", "0", "shallow"], ["shallow", "0"]),
    ],
)
def test_good_answers_are_kept_clean(datatype, values, given, clean):
    checked = check([question(datatype, values=values)], {"q": given})
    assert checked.errors == {}
    assert checked.answers == {"q": clean}


@pytest.mark.parametrize(
    ("datatype", "values", "given", "words"),
    [
        ("number", (), ["four"], "number"),
        ("number", (), ["nan"], "number"),
        ("number", (), ["inf"], "number"),
        ("datetime", (), ["yesterday"], "date"),
        ("singlevaluelist", DEPTH, ["deep"], "list"),
        ("singlevaluelist", DEPTH, ["shallow", "0"], "one answer"),
        ("multivaluelist", DEPTH, ["shallow", "deep"], "list"),
        ("string", (), ["x" * 4001], "too long"),
    ],
)
def test_wrong_answers_are_said(datatype, values, given, words):
    checked = check([question(datatype, values=values)], {"q": given})
    assert words in checked.errors["q"]
    assert checked.answers == {}


def test_a_required_question_without_an_answer_is_an_error():
    assert "answer" in check([question("string", required=True)], {"q": ["  "]}).errors["q"]


def test_zero_is_an_answer():
    assert check([question("string", required=True)], {"q": ["0"]}).errors == {}


def test_an_answer_that_stops_the_report_says_why():
    checked = check([question("singlevaluelist", values=DEPTH)], {"q": ["burst"]})
    assert checked.errors == {"q": "Call the water works."}


def test_codes_that_nobody_asked_for_are_dropped():
    assert check([question("string")], {"other": ["x"]}).answers == {}


BURST = [{"key": "yes", "name": "Yes"}, {"key": "no", "name": "No"}]


def chain(*codes, required=True, values=("yes",)):
    """Questions of which each is asked only for "yes" to the one before."""
    return [
        asked(
            code=code, datatype="singlevaluelist", required=required, values=BURST,
            shown_if=before, shown_if_values=values if before else (),
        )
        for before, code in zip(("", *codes), codes, strict=False)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kept", "wrong"),
    [
        ({"a": ["no"], "b": ["yes"]}, {"a": ["no"]}, set()),  # b was not asked: dropped
        ({"a": ["yes"]}, {"a": ["yes"]}, {"b"}),
        ({"a": ["yes"], "b": ["no"], "c": ["yes"]}, {"a": ["yes"], "b": ["no"]}, set()),
        ({"b": ["yes"], "c": ["yes"]}, {}, {"a"}),  # c hangs on b, which is not asked
    ],
)
def test_a_question_is_asked_only_for_the_answer_it_hangs_on(given, kept, wrong):
    checked = check(chain("a", "b", "c"), given)
    assert checked.answers == kept
    assert set(checked.errors) == wrong


def test_without_values_any_answer_shows_a_question():
    questions = chain("a", "b", values=())
    assert set(check(questions, {"a": ["no"]}).errors) == {"b"}
    assert set(check(questions, {}).errors) == {"a"}


def test_questions_that_hang_on_each_other_are_asked():
    ring = [
        asked(code=one, datatype="string", required=True, values=(), shown_if=other)
        for one, other in (("a", "b"), ("b", "a"), ("c", "gone"), ("d", "d"))
    ]
    assert set(check(ring, {"a": ["x"], "b": ["y"]}).errors) == {"c", "d"}
