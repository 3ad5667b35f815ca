"""The clerk's pages: usable without scripts, and nothing people wrote becomes markup."""

import base64

import pytest

from waywarden.adapters.demo.desk import CORNERS
from waywarden.adapters.demo.works import STATES, JobFilter, NewJob, Photo

NASTY = """<script>alert(1)</script>"'&<img src=x onerror=alert(1)>"""


@pytest.fixture
def job_no(works):
    return works.add_job(
        NewJob(
            job_type="POTH",
            details="A hole",
            lat=60.17,
            lon=24.94,
            their_ref="77",
            answers={"depth": ["deep"]},
            photo_urls=("https://example.org/a.jpg",),
        )
    )


def test_the_front_page_leads_to_the_jobs(desk):
    got = desk.get("/")
    assert (got.status, got.headers["location"]) == (303, "/jobs")


def test_jobs_are_listed_newest_first_and_filtered_by_state(desk, works):
    for details in ("First hole", "Second hole"):
        works.add_job(NewJob(job_type="POTH", details=details, lat=60.17, lon=24.94))
    works.change_job(1, state="DONE", note="")
    page = desk.get("/jobs").text
    assert page.index("Second hole") < page.index("First hole")
    done = desk.get("/jobs", state="DONE").text
    assert "First hole" in done
    assert "Second hole" not in done


def test_a_long_list_leads_on_to_older_jobs(desk, works):
    for number in range(1, 53):
        works.add_job(NewJob(job_type="POTH", details=f"Hole no {number}.", lat=60, lon=24))
    assert "Hole no 2." not in desk.get("/jobs").text
    assert "before=3" in desk.get("/jobs").text
    assert "Hole no 2." in desk.get("/jobs", before="3").text


def test_a_job_page_shows_what_is_known(desk, job_no):
    page = desk.get(f"/jobs/{job_no}").text
    for shown in ("A hole", "77", "60.170000, 24.940000", "5 cm or more", "How deep is it?"):
        assert shown in page
    assert 'href="https://example.org/a.jpg"' in page


def test_the_clerk_marks_a_job_done_with_a_note(desk, works, job_no):
    got = desk.post(f"/jobs/{job_no}", {"state": "DONE", "note": "Filled on Tuesday"})
    assert got.status == 303
    assert works.job(job_no)["state"] == "DONE"
    assert "Filled on Tuesday" in desk.get(f"/jobs/{job_no}").text
    assert [row["note"] for row in works.updates()] == ["Filled on Tuesday"]


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_set_by_the_select(desk, works, job_no, state):
    desk.post(f"/jobs/{job_no}", {"state": "", "other_state": state, "note": ""})
    assert works.job(job_no)["state"] == state


def test_a_state_that_does_not_exist_is_refused(desk, works, job_no):
    assert desk.post(f"/jobs/{job_no}", {"state": "GONE"}).status == 400
    assert works.job(job_no)["state"] == "NEW"


def test_a_job_is_added_at_a_corner(desk, works):
    form = {"job_type": "LITT", "details": "A full bin", "corner": "Forum"}
    got = desk.post("/jobs/add", form)
    job = works.job(1)
    assert got.headers["location"] == "/jobs/1"
    assert (job["lat"], job["lon"]) == CORNERS["Forum"]
    assert (job["place"], job["origin"], job["is_public"]) == ("Forum", "STAFF", True)


def test_a_job_is_added_by_coordinates_and_kept_private(desk, works):
    form = {"job_type": "LITT", "details": "A bin", "corner": "Forum", "lat": "60,2", "lon": "25"}
    desk.post("/jobs/add", {**form, "private": "yes"})
    job = works.job(1)
    assert (job["lat"], job["lon"], job["is_public"]) == (60.2, 25.0, False)


@pytest.mark.parametrize(
    "wrong", [{"details": ""}, {"corner": "Nowhere"}, {"lat": "x"}, {"lat": "nan", "lon": "nan"}]
)
def test_a_wrong_form_comes_back_with_what_was_typed(desk, works, wrong):
    form = {"job_type": "LITT", "details": "A full bin", "corner": "Kamppi", "place": "By the door"}
    got = desk.post("/jobs/add", {**form, **wrong})
    assert got.status == 400
    assert 'role="alert"' in got.text
    assert "By the door" in got.text
    assert works.jobs(JobFilter()) == []


def test_nothing_that_people_wrote_becomes_markup(desk, works):
    works.add_job(
        NewJob(
            job_type="POTH",
            details=NASTY,
            lat=60.17,
            lon=24.94,
            place=NASTY,
            answers={NASTY: [NASTY]},
            reporter=NASTY,
            reporter_email=NASTY,
            their_ref=NASTY,
            photo_urls=(NASTY, "javascript:alert(1)", f"https://example.org/{NASTY}"),
        )
    )
    works.change_job(1, state="DONE", note=NASTY)
    message = dict.fromkeys(("their_ref", "sender", "wanted", "text", "photo_urls"), NASTY)
    works.add_message(1, message)
    for page in (desk.get("/jobs").text, desk.get("/jobs/1").text):
        assert "<script" not in page
        assert "<img src=x" not in page
        assert 'href="javascript:' not in page


def test_a_form_that_failed_does_not_become_markup(desk):
    page = desk.post("/jobs/add", {"details": NASTY, "lat": NASTY, "place": NASTY}).text
    assert "<script" not in page
    assert 'value="&lt;script&gt;' in page


def test_pages_forbid_scripts_and_frames(desk):
    policy = desk.get("/jobs").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_form_sent_from_another_site_is_refused(desk, works, job_no):
    got = desk.post(f"/jobs/{job_no}", {"state": "DONE"}, sec_fetch_site="cross-site")
    assert got.status == 403
    assert works.job(job_no)["state"] == "NEW"


def test_a_stored_photo_is_shown_and_cannot_run(desk, works):
    data = base64.b64decode("R0lGODlhAQABAAAAACw=")
    photo = Photo("a.gif", "image/gif", data)
    works.add_job(NewJob(job_type="POTH", details="x", lat=60, lon=24, photos=(photo,)))
    assert 'src="/photos/1"' in desk.get("/jobs/1").text
    got = desk.get("/photos/1")
    assert (got.body, got.headers["content-type"]) == (data, "image/gif")
    assert got.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/nope", "/jobs/999", "/jobs/x", "/photos/1", "/jobs/" + "9" * 40]
)
def test_a_wrong_path_is_a_page_that_says_so(desk, path):
    got = desk.get(path)
    assert got.status == 404
    assert "There is nothing here" in got.text
