"""Our answers fit the description of the extended protocol that its authors publish.

Three exemptions (open311.md): an empty optional field may be null, further fields are allowed,
and a second and later photo goes to `media_urls`.
"""

import json
from pathlib import Path

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from waywarden.api.tests.test_open311 import key_for
from waywarden.kernel import clock
from waywarden.reports.models import Report, Update

FILE = Path(__file__).resolve().parents[5] / "shared" / "reference" / "open311-openapi.json"
ROOT = "/open311/v2"

if not FILE.is_file():
    pytest.skip("the published description is not here", allow_module_level=True)


def _described():
    """The description as a server of JSON under our address, with what may be null."""
    told = json.loads(FILE.read_text())
    for schema in told["components"]["schemas"].values():
        for name, inner in schema["properties"].items():
            if name not in schema.get("required", ()):
                inner["nullable"] = True
    told["components"]["parameters"]["response_format"]["schema"]["enum"] = ["json"]
    told["paths"] = {ROOT + path: operations for path, operations in told["paths"].items()}
    return told


schema = schemathesis.openapi.from_dict(_described())
schema.app = get_wsgi_application()


@pytest.fixture
def token(town) -> str:
    """A key that may do anything, in the sandbox; and reports in every state to tell of."""
    for state in ("confirmed", "in progress", "fixed - user", "closed", "not responsible"):
        town.report(state=state, is_name_public=True)
    scopes = ("requests:write", "updates:write", "private:read")
    return key_for(*scopes, body=town.county, is_sandbox=True, rate_per_minute=100_000)


@schema.parametrize()
@settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_fit_the_published_description(case, one_connection, token):
    if case.method == "POST":
        case.query["api_key"] = token
    elif isinstance(case.query, dict):
        case.query.pop("api_key", None)
    case.call_and_validate(checks=[checks.not_a_server_error, checks.response_schema_conformance])


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("services", 3),
        ("services/{service_code}", 1),
        ("requests", 5),
        ("requests/{service_request_id}", 1),
        ("servicerequestupdates", 1),
    ],
)
def test_what_is_asked_plainly_fits_it_too(path, rows, one_connection, token, town):
    report = town.report()
    Report.objects.exclude(pk=report.pk).filter(state="confirmed").delete()
    moment = clock.now()
    Update.objects.create(
        report=report, text="Seen", visibility="shown", created=moment, confirmed_at=moment
    )
    case = schema[f"{ROOT}/{path}.{{response_format}}"]["GET"].Case(
        path_parameters={
            "response_format": "json",
            "service_code": "pothole",
            "service_request_id": str(report.pk),
        }
    )
    answer = case.call_and_validate(checks=[checks.response_schema_conformance])
    found = answer.json()
    assert len(found if isinstance(found, list) else [found]) == rows
