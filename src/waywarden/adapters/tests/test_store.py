"""A post is done once, whatever is repeated, lost or killed."""

import sqlite3
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest

from waywarden.adapters.store import KeyReused, Post, Standing, Store, do_once
from waywarden.kernel.errors import BadReply, Refused, TryLater, Unknown

POST = Post("borsetshire", "request", "id:7")


class Vendor:
    """Counts what is made; `fails` is raised after (or, with `made` false, before) making."""

    def __init__(self):
        self.made, self.looked, self.fails, self.makes = [], 0, None, True

    def send(self):
        if self.makes:
            self.made.append(str(len(self.made) + 1))
        if self.fails:
            raise self.fails
        return self.made[-1]

    def look_up(self, _since):
        self.looked += 1
        return self.made[-1] if self.made else None


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store.sqlite3")


@pytest.fixture
def vendor():
    return Vendor()


def ask(store, vendor, post=POST, settles=0):
    after = timedelta(seconds=settles)
    return do_once(store, post, send=vendor.send, look_up=vendor.look_up, settles_after=after)


def test_a_repeat_gets_the_first_answer(store, vendor):
    assert ask(store, vendor) == ask(store, vendor) == "1"
    assert vendor.made == ["1"]
    assert vendor.looked == 0


def test_the_answer_outlives_the_process(tmp_path, vendor):
    ask(Store(tmp_path / "s"), vendor)
    assert ask(Store(tmp_path / "s"), vendor) == "1"
    assert vendor.made == ["1"]


@pytest.mark.parametrize("lost", [Unknown("lost"), BadReply("rubbish"), ValueError("a bug")])
def test_after_a_lost_answer_the_vendor_is_asked_before_anything_is_sent(store, vendor, lost):
    vendor.fails = lost
    with pytest.raises(type(lost)):
        ask(store, vendor)
    vendor.fails = None
    assert ask(store, vendor) == "1"
    assert vendor.made == ["1"]
    assert vendor.looked == 1


def test_what_surely_did_not_arrive_is_sent_again_without_asking(store, vendor):
    for error in (TryLater("down"), Refused("no")):
        vendor.fails, vendor.makes = error, False
        with pytest.raises(type(error)):
            ask(store, vendor)
    vendor.fails, vendor.makes = None, True
    assert ask(store, vendor) == "1"
    assert vendor.looked == 0


def test_a_kill_while_sending_leaves_the_post_unsure(tmp_path, vendor):
    before = Store(tmp_path / "s")
    assert before.claim(POST).standing is Standing.FRESH
    vendor.send()  # and here the process is killed
    after = Store(tmp_path / "s")
    assert ask(after, vendor) == "1"
    assert vendor.made == ["1"]
    assert vendor.looked == 1


def test_nothing_found_soon_after_a_lost_answer_is_not_believed_yet(store, vendor):
    vendor.fails, vendor.makes = Unknown("slow"), False
    with pytest.raises(Unknown):
        ask(store, vendor)
    vendor.fails, vendor.makes = None, True
    with pytest.raises(TryLater):
        ask(store, vendor, settles=60)
    assert vendor.made == []
    assert ask(store, vendor, settles=0) == "1"


def test_a_failed_look_up_keeps_the_post_unsure(store, vendor):
    vendor.fails = Unknown("lost")
    with pytest.raises(Unknown):
        ask(store, vendor)

    def fails(_since):
        raise TryLater("down")

    with pytest.raises(TryLater):
        do_once(store, POST, send=vendor.send, look_up=fails, settles_after=timedelta())
    assert store.claim(POST).standing is Standing.UNSURE


def test_the_same_key_with_another_content_is_refused(store, vendor):
    ask(store, vendor, Post("b", "request", "key:k", digest="one"))
    with pytest.raises(KeyReused):
        ask(store, vendor, Post("b", "request", "key:k", digest="two"))
    assert vendor.made == ["1"]


def test_jurisdictions_and_kinds_do_not_share_keys(store, vendor):
    asked = [Post(place, kind, "id:7") for place in "ab" for kind in ("request", "update")]
    assert [ask(store, vendor, post) for post in asked] == ["1", "2", "3", "4"]


def test_of_many_at_once_one_is_done_and_all_get_its_answer(store, vendor):
    answers, gate = [], threading.Barrier(8)

    def one():
        gate.wait()
        answers.append(ask(store, vendor))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["1"] * 8
    assert vendor.made == ["1"]


def test_an_id_that_answered_another_post_is_taken(store, vendor):
    ask(store, vendor)
    assert store.is_taken(Post("borsetshire", "request", "key:other"), "1")
    assert not store.is_taken(POST, "1")


def test_what_is_too_old_to_be_asked_for_again_is_thrown_away_and_nothing_else(store, vendor):
    ask(store, vendor)
    unsure = Post("borsetshire", "request", "id:8")
    store.claim(unsure)
    store.unsure(unsure)
    with store.connect() as db:
        db.execute("update posts set last_at = '2020-01-01T00:00:00+00:00'")
    store.tidy()
    assert store.claim(POST).standing is Standing.FRESH
    assert store.claim(unsure).standing is Standing.UNSURE


@pytest.mark.parametrize("fails", ["answered", "forget", "unsure"])
def test_what_could_not_be_written_down_is_looked_up_once_the_disk_has_room(
    store, vendor, monkeypatch, fails
):
    vendor.fails = {
        "answered": None, "forget": TryLater("It is away."), "unsure": Unknown("lost"),
    }[fails]  # fmt: skip
    vendor.makes = fails != "forget"

    def full(*_given, **_named):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store, fails, full)
        with pytest.raises(sqlite3.OperationalError):
            ask(store, vendor)
    vendor.fails, vendor.makes = None, True
    assert ask(store, vendor) == "1"
    assert (vendor.made, vendor.looked) == (["1"], 1)


def test_what_another_process_sends_is_left_alone(tmp_path, vendor):
    ours = Store(tmp_path / "s")
    assert ours.claim(POST).standing is Standing.FRESH
    assert Store(tmp_path / "s", is_ours=False).claim(POST).standing is Standing.BUSY
    assert ours.claim(POST).standing is Standing.BUSY


def test_what_is_claimed_is_nobody_elses_from_the_moment_that_it_can_be_seen(store, monkeypatch):
    seen, transaction = [], store.transaction

    @contextmanager
    def then_another_asks():
        with transaction() as db:
            yield db
        if not seen:  # written, and the first one has not come a step further
            seen.append(None)
            seen.append(store.claim(POST).standing)

    monkeypatch.setattr(store, "transaction", then_another_asks)
    assert store.claim(POST).standing is Standing.FRESH
    assert seen[1] is Standing.BUSY


def test_who_is_late_in_letting_go_takes_nobody_elses_turn(store):
    first = store.claim(POST)
    store.forget(POST)
    second = store.claim(POST)
    assert second.standing is Standing.FRESH
    store.let_go(POST, first.mark)
    assert store.claim(POST).standing is Standing.BUSY
    store.let_go(POST, second.mark)
    assert store.claim(POST).standing is Standing.UNSURE
