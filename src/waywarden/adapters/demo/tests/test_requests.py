"""Jobs are service requests."""

from waywarden.adapters.demo.tests.asking import KEYED, window
from waywarden.adapters.demo.tests.conftest import report
from waywarden.adapters.demo.works import NewJob


def test_jobs_of_staff_and_our_own_are_service_requests(adapter, works):
    works.add_job(NewJob(job_type="LITT", details="A bin", lat=60.1, lon=24.9, place="Kamppi"))
    adapter.post("/requests.json", report())
    staff, ours = adapter.get("/requests.json").json
    assert (staff["service_name"], staff["address"]) == ("Litter", "Kamppi")
    assert (staff["lat"], staff["long"], staff["status"]) == (60.1, 24.9, "open")
    assert "fixmystreet_id" not in (staff.get("extras") or {})
    assert ours["extras"]["fixmystreet_id"] == "77"


def test_one_job_is_found_by_its_number_and_many_by_theirs(adapter, works):
    for _ in range(3):
        works.add_job(NewJob(job_type="LITT", details="A bin", lat=60.1, lon=24.9))
    (one,) = adapter.get("/requests/2.json").json
    assert one["service_request_id"] == "2"
    some = adapter.get("/requests.json", service_request_id="1,3,999,x").json
    assert [row["service_request_id"] for row in some] == ["1", "3"]
    assert adapter.get("/requests/999.json").status == 404
    assert adapter.get("/requests/x.json").status == 404


def test_jobs_are_filtered_by_date_service_and_status(adapter, works):
    works.add_job(NewJob(job_type="LITT", details="A bin", lat=60.1, lon=24.9))
    works.add_job(NewJob(job_type="POTH", details="A hole", lat=60.1, lon=24.9))
    works.change_job(2, state="DONE", note="")

    def ids(**asked):
        return [row["service_request_id"] for row in adapter.get("/requests.json", **asked).json]

    assert ids(service_code="POTH") == ["2"]
    assert ids(status="open") == ["1"]
    assert ids(status="closed") == ids(status="fixed") == ["2"]
    assert ids(status="planned") == []
    past = {"start_date": "2020-01-01T00:00:00Z", "end_date": "2020-01-02T00:00:00Z"}
    assert ids(**past) == []
    today = {key: value for key, value in window().items() if key != "api_key"}
    assert ids(**today) == ["1", "2"]
    assert ids(page_size="1", page="2") == ["2"]


def test_private_jobs_are_shown_to_a_key_only(adapter, works):
    works.add_job(NewJob(job_type="LITT", details="A bin", lat=60.1, lon=24.9, is_public=False))
    assert adapter.get("/requests.json").json == []
    assert adapter.get("/requests.json", api_key="wrong").json == []
    (row,) = adapter.get("/requests.json", **KEYED).json
    assert row["non_public"] in (True, "true")
    assert adapter.get("/requests/1.json").status == 404


def test_the_server_is_well_without_asking_the_vendor(adapter, works_app):
    assert adapter.get("/healthz").json == {"status": "ok", "jurisdictions": ["borsetshire"]}
    assert works_app.calls == []
