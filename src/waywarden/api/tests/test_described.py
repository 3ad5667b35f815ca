"""What is told about the endpoint is true of it."""

import json
import re

import pytest

from waywarden.api.openapi import document
from waywarden.api.tests.test_open311 import get
from waywarden.open311.server import ROUTES

pytestmark = pytest.mark.django_db
ROOT = "/open311/v2"
DOCUMENT = document(title="Site", address="http://testserver/open311/v2")


def test_the_page_needs_no_script_and_names_every_list(client, town):
    text = client.get(f"{ROOT}/").content.decode()
    for name in ("requests.json", "services.json", "servicerequestupdates.json"):
        assert f'action="{name}"' in text
    assert "curl http://testserver/open311/v2/requests.json" in text
    assert "service_code=abandoned-vehicle" in text


def test_the_forms_of_the_page_left_empty_give_answers(client, town):
    town.report()
    text = client.get(f"{ROOT}/").content.decode()
    for form in re.findall(r"<form method=\"get\" action=\"(.*?)\">(.*?)</form>", text, re.DOTALL):
        names = re.findall(r'<input[^>]* name="(.*?)"', form[1])
        answer = get(client, form[0], **dict.fromkeys(names, ""))
        assert (answer.status_code, names != []) == (200, True)


def test_the_description_names_every_method_in_both_formats(client, town):
    told = json.loads(client.get(f"{ROOT}/openapi.json").content)
    assert told["openapi"] == "3.1.0"
    assert told["servers"] == [{"url": "http://testserver/open311/v2"}]
    routes = {
        (f"/{name}{'/{…}' if item else ''}.{kind}", verb.lower())
        for (name, item), verbs in ROUTES.items()
        for verb in verbs
        for kind in ("xml", "json")
    }
    assert {
        (re.sub(r"\{.*?\}", "{…}", path), verb)
        for path, operations in told["paths"].items()
        for verb in operations
    } == routes


def fits(value, schema) -> list[str]:
    """What is wrong with a value, by the few words of JSON Schema that the document uses."""
    if "$ref" in schema:
        return fits(value, DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    kinds = schema.get("type", [])
    names = {
        "string": str, "number": (int, float), "integer": int, "boolean": bool, "array": list,
        "object": dict, "null": type(None),
    }  # fmt: skip
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, names[kind]) for kind in kinds):
        return [f"{value!r} is no {kinds}"]
    if isinstance(value, list):
        return [wrong for item in value for wrong in fits(item, schema["items"])]
    if not isinstance(value, dict):
        return [] if value in schema.get("enum", [value]) else [f"{value!r} is none of the words"]
    properties = schema.get("properties", {})
    unknown = [f"{name} is not told of" for name in value if properties and name not in properties]
    missing = [f"{name} is missing" for name in schema.get("required", []) if name not in value]
    inner = [
        wrong
        for name in value
        if name in properties
        for wrong in fits(value[name], properties[name])
    ]
    return [*unknown, *missing, *inner]


@pytest.mark.parametrize(
    "path",
    ["discovery", "services", "services/{service_code}", "requests", "servicerequestupdates"],
)
def test_answers_are_as_described(client, town, path):
    town.report(is_name_public=True)
    answer = get(client, f"{path.format(service_code='pothole')}.json")
    told = DOCUMENT["paths"][f"/{path}.json"]["get"]["responses"]["200"]
    assert fits(json.loads(answer.getvalue()), told["content"]["application/json"]["schema"]) == []


def test_failures_are_as_described(client, town):
    answer = get(client, "requests.json", page="none")
    told = DOCUMENT["paths"]["/requests.json"]["get"]["responses"]["400"]
    assert fits(json.loads(answer.content), told["content"]["application/json"]["schema"]) == []


def test_a_post_may_carry_photos(client, town):
    told = DOCUMENT["paths"]["/requests.xml"]["post"]["requestBody"]["content"]
    plain = told["application/x-www-form-urlencoded"]["schema"]["properties"]
    with_files = told["multipart/form-data"]["schema"]["properties"]
    assert set(with_files) - set(plain) == {"photo1", "photo2", "photo3"}
