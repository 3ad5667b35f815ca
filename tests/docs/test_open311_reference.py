"""The page about Open311 names everything that travels: parameters, fields, errors, deviations."""

import re
from dataclasses import fields

import pytest

from tests.docs.pages import DOCS
from waywarden.api.openapi import document
from waywarden.open311 import types
from waywarden.open311.conformance.registry import CHECKS
from waywarden.open311.deviations import MEANINGS

PAGE = (DOCS / "reference" / "open311.md").read_text()
NAMED = set(re.findall(r"`([^`\n]+)`", PAGE))
TRAVELS = (
    types.Discovery, types.Endpoint, types.Service, types.ServiceDefinition, types.Attribute,
    types.AttributeValue, types.ServiceRequest, types.ServiceRequestUpdate, types.NewRequest,
    types.NewUpdate, types.Receipt, types.UpdateReceipt, types.ErrorItem,
)  # fmt: skip
#: Where a field of ours has another name on the wire.
WIRE = {"attributes": "attribute[CODE]", "uploads": "photo1", "idempotency_key": "Idempotency-Key"}


@pytest.mark.parametrize("kind", TRAVELS, ids=lambda kind: kind.__name__)
def test_every_field_is_named(kind):
    names = {WIRE.get(field.name, field.name) for field in fields(kind)}
    assert names - NAMED == set()


def test_every_parameter_of_the_endpoint_is_named():
    described = document(title="T", address="http://x/open311/v2")
    names = set()
    for operations in described["paths"].values():
        for operation in operations.values():
            names |= {one["name"] for one in operation["parameters"]}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                names |= set(content["schema"]["properties"])
    assert names - NAMED == set()


def test_every_error_is_told():
    described = document(title="T", address="http://x/open311/v2")
    statuses = {
        status
        for operations in described["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
    }
    assert {status for status in statuses | {"502", "504"} if status not in PAGE} == {"200"}


def test_every_deviation_is_told_in_the_words_of_the_reader():
    assert [code for code, words in MEANINGS.items() if f"| `{code}` | {words} |" not in PAGE] == []


def test_every_check_is_on_its_page():
    page = (DOCS / "reference" / "conformance.md").read_text()
    assert [code for code in CHECKS if f"`{code}`" not in page] == []
