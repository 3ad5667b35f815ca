"""The works database: its update table is filled by the trigger, whoever changes a job."""

import sqlite3
from datetime import timedelta

import pytest

from waywarden.adapters.demo.works import JobFilter, NewJob, Photo
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken

HOLE = NewJob(job_type="POTH", details="A hole", lat=60.17, lon=24.94)


def told(works):
    return [(row["seq"], row["job_no"], row["state"], row["note"]) for row in works.updates()]


def test_the_trigger_tells_a_change_made_by_the_desk(works):
    job_no = works.add_job(HOLE)
    assert told(works) == []
    works.change_job(job_no, state="DONE", note="Filled")
    assert told(works) == [(1, job_no, "DONE", "Filled")]


def test_the_trigger_tells_a_change_made_by_another_program(works):
    job_no = works.add_job(HOLE)
    with sqlite3.connect(works.path) as db:
        db.execute("update jobs set state = 'ORDERED' where job_no = ?", [job_no])
        db.execute("update jobs set note = 'On Monday' where job_no = ?", [job_no])
    db.close()
    assert told(works) == [(1, job_no, "ORDERED", ""), (2, job_no, "ORDERED", "On Monday")]


def test_a_change_that_changes_nothing_tells_nothing(works):
    job_no = works.add_job(HOLE)
    works.change_job(job_no, state="NEW", note="")
    with sqlite3.connect(works.path) as db:
        db.execute("update jobs set details = 'A very deep hole'")
    db.close()
    assert told(works) == []


def test_update_numbers_are_never_used_twice(works):
    job_no = works.add_job(HOLE)
    works.change_job(job_no, state="DONE", note="")
    with sqlite3.connect(works.path) as db:
        db.execute("delete from job_updates")
    db.close()
    works.change_job(job_no, state="NEW", note="")
    assert [row[0] for row in told(works)] == [2]


def test_the_update_window_counts_both_ends(works):
    works.change_job(works.add_job(HOLE), state="DONE", note="")
    second = clock.now()
    near = timedelta(seconds=5)
    assert len(works.updates(since=second - near, until=second + near)) == 1
    assert works.updates(since=second + near) == []
    assert works.updates(until=second - near) == []


def test_a_changed_job_knows_when_it_changed(works):
    job_no = works.add_job(HOLE)
    with sqlite3.connect(works.path) as db:
        db.execute("update jobs set changed_at = '2020-01-01T00:00:00Z'")
    db.close()
    works.change_job(job_no, state="DONE", note="")
    assert works.job(job_no)["changed_at"] > "2026"
    assert works.jobs(JobFilter(changed_from=clock.now() - timedelta(minutes=1)))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"job_type": "NONE"}, "job_type"),
        ({"lat": 91.0}, "lat"),
        ({"lon": float("nan")}, "lat"),
        ({"details": "  "}, "details"),
    ],
)
def test_a_job_that_cannot_be_is_refused_whole(works, wrong, field):
    values = {"job_type": "POTH", "details": "A hole", "lat": 60.17, "lon": 24.94, **wrong}
    with pytest.raises(RuleBroken) as caught:
        works.add_job(NewJob(**values, photos=(Photo("a.jpg", "image/jpeg", b"x"),)))
    assert caught.value.field == field
    assert works.jobs(JobFilter()) == []


def test_staff_and_open311_are_told_apart(works):
    first = works.add_job(HOLE)
    second = works.add_job(NewJob(job_type="POTH", details="x", lat=1, lon=2, origin="OPEN311"))
    assert works.job(first)["origin"] == "STAFF"
    assert works.job(second)["origin"] == "OPEN311"


def test_jobs_come_by_number_page_by_page(works):
    numbers = [works.add_job(HOLE) for _ in range(5)]
    first = works.jobs(JobFilter(limit=3))
    rest = works.jobs(JobFilter(limit=3, after=first[-1]["job_no"]))
    assert [job["job_no"] for job in first + rest] == numbers
    newest = works.jobs(JobFilter(newest_first=True, limit=2))
    assert [job["job_no"] for job in newest] == [5, 4]
