"""What is kept of a call."""

import json
from datetime import UTC

import pytest

from waywarden.kernel.http import (
    Limits,
    LostReply,
    TooLarge,
    Way,
)
from waywarden.kernel.secrets import MASK
from waywarden.kernel.tests.calling import HERE, Photo, closes, says, serving


def test_files_travel_as_parts_and_are_named_in_the_record():
    records = []
    with serving(says()) as (url, asked):
        way = Way(allowed_private=HERE, record=records.append)
        way.post(url, form=[("a", "1")], uploads=[Photo()])
    assert asked[0][2]["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="photo1"; filename="hole.jpg"\r\nContent-Type: image/jpeg' in asked[0][3]
    assert "photo1: hole.jpg, image/jpeg, 3 bytes" in records[0].request


def test_a_call_is_recorded_once_and_masked_everywhere():
    records = []
    with serving(says(b'{"echo": "s3cret-key", "other": "hush+hush"}')) as (url, _):
        way = Way(
            allowed_private=HERE,
            record=records.append,
            basic_auth=("rosa", "passw0rd"),
            headers={"X-Api-Key": "header-key"},
            masked=("hush+hush",),
        )
        way.post(
            f"{url}/x?token=t0ken-in-url&a=hush%2Bhush",
            form=[("api_key", "s3cret-key"), ("description", "A hole, hush+hush")],
        )
    (record,) = records
    whole = json.dumps([record.url, record.request, record.response, record.error])
    for secret in ("s3cret", "t0ken", "hush", "passw0rd", "header-key", "cm9zYT"):
        assert secret not in whole
    assert (record.method, record.status, record.error) == ("POST", 200, "")
    assert record.url == f"{url}/x?token={MASK}&a={MASK}"
    assert f"api_key={MASK}" in record.request
    assert "description=A hole" in record.request
    assert record.started_at.tzinfo is UTC
    assert record.seconds > 0


def test_json_is_masked_by_name_in_the_record():
    records = []
    with serving(says()) as (url, _):
        way = Way(allowed_private=HERE, record=records.append)
        way.post(url, json={"client_secret": "x", "deep": [{"password": "y", "name": "Rosa"}]})
    body = json.loads(records[0].request.partition("\n\n")[2])
    assert body == {"client_secret": MASK, "deep": [{"password": MASK, "name": "Rosa"}]}


@pytest.mark.parametrize(
    ("answer", "error"),
    [(closes, LostReply), (says(b"x" * 500), TooLarge)],
)
def test_a_failure_is_recorded_once_too(answer, error):
    records = []
    with serving(answer) as (url, _):
        way = Way(allowed_private=HERE, record=records.append, limits=Limits(max_bytes=100))
        with pytest.raises(error):
            way.post(url, form=[("a", "1")])
    assert [record.error for record in records] != [""]
    assert len(records) == 1


def test_a_long_answer_is_cut_in_the_record_and_whole_for_the_caller():
    records = []
    with serving(says(b"x" * 50_000)) as (url, _):
        answer = Way(allowed_private=HERE, record=records.append).get(url)
    assert len(answer.body) == 50_000
    assert len(records[0].response) == 20_000
