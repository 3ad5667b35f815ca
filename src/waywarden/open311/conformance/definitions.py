"""Checks of GET services/CODE (open311.md 2.3), on a few services, the oddest codes first."""

from collections.abc import Callable, Iterable

from waywarden.open311 import types
from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import Target
from waywarden.open311.conformance.wording import counted, forgiven, listed, twice

UNREAD = "No service says with `metadata` that it has a definition, or none could be read."


def _each(
    target: Target,
    wrong: Callable[[types.ServiceDefinition], Iterable[str]],
    *,
    fine: str,
    change: str,
) -> Result:
    """Fails on the first definition in which something is wrong."""
    known = [(read, one) for _, read in target.definitions for one in read.rows]
    for read, definition in known:
        found = list(wrong(definition))
        if found:
            return failed(read, listed(found), change)
    return passed(known[0][0], fine) if known else skipped(UNREAD)


@check("2.3", Severity.BREAKS)
def definitions_can_be_read(target: Target) -> Result:
    """A service that says it has a definition has one, also when its code is unusual."""
    if not target.definitions:
        return skipped("No service says with `metadata` that it has a definition.")
    for service, read in target.definitions:
        if read.values is None:
            change = (
                f"Answer with the definition of {service.service_code!r}, or set `metadata` to "
                "`false`. A code may hold spaces and slashes; they come percent-encoded."
            )
            return failed(read, read.trouble, change)
    count = counted(len(target.definitions), "definition")
    return passed(target.definitions[0][1], f"{count} could be read.")


@check("2.3", Severity.AGAINST)
def a_definition_is_of_the_service_asked_for(target: Target) -> Result:
    """A definition names the service it was asked for."""
    for service, read in target.definitions:
        if read.rows and read.rows[0].service_code != service.service_code:
            change = (
                "Write the asked `service_code` into the definition, unchanged: `001` is not 1."
            )
            return failed(read, f"A definition of {read.rows[0].service_code!r}.", change)
    known = [read for _, read in target.definitions if read.rows]
    return passed(known[0], "The asked code.") if known else skipped(UNREAD)


@check("2.3", Severity.BREAKS)
def question_codes_are_unique(target: Target) -> Result:
    """Every question of a service has a code of its own."""
    return _each(
        target,
        lambda one: twice(question.code for question in one.attributes if question.variable),
        fine="Every question has its own code.",
        change="Give each `attribute` of a service a `code` of its own.",
    )


@check("2.3", Severity.BREAKS)
def questions_have_a_code(target: Target) -> Result:
    """Every question has a code."""
    return forgiven(
        [read for _, read in target.definitions],
        ["row-without-id", "not-an-object"],
        change="Give every question (`attribute`) a `code`, and every choice a `key`.",
    )


@check("2.3", Severity.BREAKS)
def list_questions_have_choices(target: Target) -> Result:
    """A question with a list has choices."""
    return _each(
        target,
        lambda one: (
            question.code
            for question in one.attributes
            if question.variable and question.datatype.endswith("list") and not question.values
        ),
        fine="Every list has choices.",
        change="Give this question `values`, or another `datatype`: nobody can answer it.",
    )


@check("2.3", Severity.AGAINST)
def choices_have_keys_of_their_own(target: Target) -> Result:
    """Every choice of a list has a key of its own."""
    given = forgiven(
        [read for _, read in target.definitions],
        ["choice-without-key"],
        change="Give every `value` a `key`; it is what is sent back to you.",
    )
    if given.change:
        return given
    return _each(
        target,
        lambda one: (
            f"{question.code}: {key!r} stands twice."
            for question in one.attributes
            for key in twice(value.key for value in question.values)
        ),
        fine="Every choice has its own key.",
        change="Give each choice of a question a `key` of its own.",
    )


@check("2.3", Severity.AGAINST)
def datatypes_are_known(target: Target) -> Result:
    """Every datatype is one of the six."""
    return forgiven(
        [read for _, read in target.definitions],
        ["unknown-datatype"],
        change=(
            "Use `string`, `number`, `datetime`, `text`, `singlevaluelist` or `multivaluelist`; "
            "anything else is shown as a line of text."
        ),
    )


@check("2.3", Severity.ADVICE)
def questions_have_words(target: Target) -> Result:
    """Every question has words for people."""
    return _each(
        target,
        lambda one: (
            question.code
            for question in one.attributes
            if not question.automated and not question.description
        ),
        fine="Every question has a description.",
        change="Write the question as people should read it into `description`.",
    )


@check("2.3", Severity.ADVICE)
def questions_have_an_order(target: Target) -> Result:
    """Every question has a place of its own in the order."""
    return _each(
        target,
        lambda one: twice(str(question.order) for question in one.attributes),
        fine="Every question has its own place.",
        change="Number the questions in `order` from 1, each number once.",
    )
