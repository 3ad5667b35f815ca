"""What the works system's list of types becomes."""

from waywarden.adapters.demo.tests.asking import jobs
from waywarden.adapters.demo.tests.conftest import report


def test_the_types_of_job_are_services(adapter):
    services = {one["service_code"]: one for one in adapter.get("/services.json").json}
    assert {one["service_name"] for one in services.values()} >= {
        "Potholes", "Fallen trees", "Blocked drains", "Graffiti", "Litter", "Street lighting",
    }  # fmt: skip
    hole = services["POTH"]
    assert hole["type"] == "realtime"
    assert hole["metadata"] in (True, "true")
    assert hole["group"] == "Roads"
    assert "carriageway" in hole["keywords"]
    assert services["GRAF"]["groups"] == ["Street cleaning", "Buildings"]


def test_a_definition_asks_the_reporter_and_the_sender(adapter):
    found = adapter.get("/services/POTH.json").json
    by_code = {one["code"]: one for one in found["attributes"]}
    assert by_code["depth"]["datatype"] == "singlevaluelist"
    assert by_code["depth"]["required"] in (True, "true")
    assert by_code["where_in_road"]["datatype"] == "multivaluelist"
    assert {"key": "deep", "name": "5 cm or more"} in by_code["depth"]["values"]
    for code in ("fixmystreet_id", "easting", "northing"):
        assert by_code[code]["automated"] == "server_set"
    assert [one["order"] for one in found["attributes"]] == list(range(1, 8))


def test_a_deployment_adds_a_notice_and_hides_a_service(deploy):
    adapter = deploy(lambda text: text + "\n[services.LAMP]\noffered = false\n")
    first = adapter.get("/services/TREE.json").json["attributes"][0]
    assert "call 112" in first["description"]
    assert first["variable"] in (False, "false")
    assert "LAMP" not in adapter.get("/services.json").text
    assert adapter.get("/services/LAMP.json").status == 404
    assert adapter.post("/requests.json", report(service_code="LAMP")).status == 400


def test_an_unknown_service_is_404_and_in_a_post_400(adapter, works):
    assert adapter.get("/services/NOPE.json").status == 404
    assert adapter.post("/requests.json", report(service_code="NOPE")).status == 400
    assert jobs(works) == []


def test_discovery_names_the_endpoint(adapter):
    (endpoint,) = adapter.get("/discovery.json").json["endpoints"]
    assert endpoint["url"] == "https://open311.example"
