"""Whatever is asked of the endpoint, the answer is one that its description tells of."""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from waywarden.api.tests.test_open311 import key_for

schema = schemathesis.openapi.from_wsgi("/open311/v2/openapi.json", get_wsgi_application())
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def token(town) -> str:
    """A key of the county that may do anything, in the sandbox."""
    town.report(is_name_public=True)
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
def test_no_answer_is_other_than_described(case, one_connection, token):
    if isinstance(case.query, dict):
        case.query.pop("api_key", None)
    if isinstance(case.body, dict):
        case.body["api_key"] = token
    case.call_and_validate(checks=CHECKS)
