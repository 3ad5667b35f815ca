"""New reports and updates meet those who follow; each is told once, and only what they may see."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waywarden.geo.cells import circle_keys, point_keys
from waywarden.geo.points import METRES_PER_DEGREE, Point
from waywarden.kernel.errors import RuleBroken
from waywarden.notifications.alert_services import (
    CannotBeFollowed,
    Kind,
    Target,
    change_frequency,
    follow,
    follow_report,
    move_followers,
    near,
    stop_alert,
    wards,
)
from waywarden.notifications.matching_services import match_reports, match_updates
from waywarden.notifications.models import Alert, Item
from waywarden.notifications.news import place_of
from waywarden.notifications.tests.town import (
    HERE,
    NOON,
    a_body,
    a_person,
    a_report,
    an_area,
    an_update,
)
from waywarden.reports.models import Update
from waywarden.reports.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]


@pytest.fixture
def rosa():
    return a_person("Rosa")


@pytest.fixture
def nora():
    return a_person("Nora")


def told() -> set[tuple[str, int, int | None]]:
    return set(Item.objects.values_list("alert__user__name", "report_id", "update_id"))


def test_each_kind_of_alert_finds_its_new_report_and_no_other(rosa):
    county, district = a_body("The County"), a_body("The District")
    ward, other, third = an_area("North"), an_area("South"), an_area("West")
    wanted = {
        "Area": Target(Kind.AREA, area_id=ward.pk),
        "Body": Target(Kind.BODY, body_id=county.pk),
        "Ward": Target(Kind.WARD, body_id=county.pk, area_id=ward.pk),
        "Wards": wards(county.pk, [other.pk, ward.pk]),
        "Near": near(Point(60.1705, 24.94), 100),
    }
    unwanted = {
        "Far": near(Point(60.18, 24.94), 1000),
        "Elsewhere": Target(Kind.AREA, area_id=other.pk),
        "Theirs": Target(Kind.BODY, body_id=district.pk),
        "Half": Target(Kind.WARD, body_id=district.pk, area_id=ward.pk),
        "Their wards": wards(district.pk, [other.pk, ward.pk]),
        "Other wards": wards(county.pk, [other.pk, third.pk]),
    }
    for name, target in (wanted | unwanted).items():
        follow(target, user=a_person(name))
    report = a_report(bodies=[county], area_ids=[ward.pk], user=rosa)
    assert match_reports([report.pk]) == len(wanted)
    assert told() == {(name, report.pk, None) for name in wanted}
    assert match_reports([report.pk]) == 0


def test_the_same_wards_are_one_alert_in_whatever_order_and_one_ward_is_that_ward(nora):
    county, north, south = a_body("The County"), an_area("North"), an_area("South")
    first = follow(wards(county.pk, [north.pk, south.pk]), user=nora)
    again = follow(wards(county.pk, [south.pk, north.pk, south.pk]), user=nora)
    assert first.pk == again.pk
    assert place_of(first) == "The County, North and South"
    assert follow(wards(county.pk, [north.pk, north.pk]), user=nora).kind == Kind.WARD
    with pytest.raises(CannotBeFollowed):
        follow(wards(county.pk, [north.pk, 10**9]), user=nora)


def test_a_report_in_two_of_the_wards_is_told_once(nora):
    county, north, south = a_body("The County"), an_area("North"), an_area("South")
    follow(wards(county.pk, [north.pk, south.pk]), user=nora)
    report = a_report(bodies=[county], area_ids=[north.pk, south.pk])
    assert match_reports([report.pk]) == 1


@given(
    st.floats(-80, 80), st.floats(-180, 179.9), st.floats(50, 150_000),
    st.floats(0, 2 * math.pi), st.floats(0, 1),
)  # fmt: skip
def test_the_tiles_of_a_circle_hold_every_place_in_it(lat, lon, metres, angle, share):
    centre = Point(lat, lon)
    far = metres * share / METRES_PER_DEGREE
    east = lon + far * math.sin(angle) / math.cos(math.radians(lat)) * 0.97
    place = Point(lat + far * math.cos(angle), (east + 180) % 360 - 180)
    if centre.distance_m(place) <= metres:
        assert set(circle_keys(centre, metres)) & set(point_keys(place.cell))
    assert len(circle_keys(centre, metres)) <= 8


def test_a_circle_is_measured_in_metres(nora):
    follow(near(HERE, 500), user=nora)
    inside = a_report(at=Point(HERE.lat + 499 / METRES_PER_DEGREE, HERE.lon))
    outside = a_report(at=Point(HERE.lat + 501 / METRES_PER_DEGREE, HERE.lon))
    match_reports([inside.pk, outside.pk])
    assert told() == {("Nora", inside.pk, None)}


@pytest.mark.parametrize("metres", [49, 150_001])
def test_a_circle_has_bounds(metres):
    with pytest.raises(RuleBroken):
        near(HERE, metres)


@pytest.mark.parametrize(
    "changed",
    [
        {"is_private": True},
        {"state": State.HIDDEN},
        {"state": State.UNCONFIRMED},
        {"confirmed_at": NOON - timedelta(days=8)},
        {"confirmed_at": NOON - timedelta(minutes=1)},
    ],
    ids=["private", "hidden", "unconfirmed", "an old import", "before it was asked for"],
)
def test_what_is_not_public_or_not_new_is_told_to_nobody(nora, changed):
    follow(near(HERE, 500), user=nora)
    match_reports([a_report(**changed).pk])
    assert told() == set()


def test_nobody_is_told_of_what_they_wrote_themselves(rosa, nora):
    follow(near(HERE, 500), user=rosa)
    report = a_report(user=rosa)
    for person in (rosa, nora):
        follow_report(report_id=report.pk, user=person)
    update = an_update(report, user=nora)
    match_reports([report.pk])
    match_updates([update.pk])
    assert told() == {("Rosa", report.pk, update.pk)}


def test_an_update_is_told_to_all_who_follow_once(rosa, nora):
    report = a_report(user=rosa)
    for person in (rosa, nora):
        follow_report(report_id=report.pk, user=person)
    update = an_update(report)
    assert match_updates([update.pk]) == 2
    assert match_updates([update.pk]) == 0


def test_a_suppressed_update_is_kept_from_the_reporter_only(rosa, nora):
    report = a_report(user=rosa)
    for person in (rosa, nora):
        follow_report(report_id=report.pk, user=person)
    update = an_update(report)
    match_updates([update.pk], quiet=[update.pk])
    assert told() == {("Nora", report.pk, update.pk)}


def test_of_a_report_made_private_only_its_reporter_hears(rosa, nora):
    report = a_report(user=rosa)
    for person in (rosa, nora):
        follow_report(report_id=report.pk, user=person)
    type(report).objects.update(is_private=True)
    update = an_update(report)
    match_updates([update.pk])
    assert told() == {("Rosa", report.pk, update.pk)}


@pytest.mark.parametrize(
    "changed",
    [
        {"text": " "},
        {"visibility": Update.Visibility.HIDDEN},
        {"visibility": Update.Visibility.UNCONFIRMED},
    ],
)
def test_an_update_that_shows_nothing_is_no_news(nora, changed):
    report = a_report()
    follow_report(report_id=report.pk, user=nora)
    assert match_updates([an_update(report, **changed).pk]) == 0


@pytest.mark.parametrize("changed", [{"wants_news": False}, {"is_active": False}])
def test_who_wants_no_news_or_has_gone_gets_none(nora, changed):
    follow(near(HERE, 500), user=nora)
    type(nora).objects.update(**changed)
    assert match_reports([a_report().pk]) == 0


def test_asking_twice_is_one_alert_and_leaving_ends_it(nora, time):
    alert = follow(near(HERE, 500), user=nora)
    assert follow(near(HERE, 500), user=nora, frequency="daily").pk == alert.pk
    match_reports([a_report().pk])
    assert stop_alert(alert.pk)
    assert not stop_alert(alert.pk)
    assert not Item.objects.exists()
    match_reports([a_report().pk])
    assert not Item.objects.exists()
    time.pass_(hours=1)
    again = follow(near(HERE, 500), user=nora)
    assert (again.pk, again.stopped_at) == (alert.pk, None)
    assert match_reports([a_report().pk]) == 0, "it begins anew, so what came before is not told"


def test_a_report_that_one_may_not_see_cannot_be_followed(rosa, nora):
    report = a_report(user=rosa, is_private=True)
    assert follow_report(report_id=report.pk, user=rosa)
    for target in (
        Target(Kind.REPORT, report_id=report.pk),
        Target(Kind.BODY, body_id=4711),
        Target(Kind.AREA, area_id=4711),
    ):
        with pytest.raises(CannotBeFollowed):
            follow(target, user=nora)


def test_followers_of_a_duplicate_go_over_to_the_original_and_nobody_twice(rosa, nora):
    original, duplicate = a_report(), a_report()
    follow_report(report_id=original.pk, user=rosa)
    for person in (rosa, nora):
        follow_report(report_id=duplicate.pk, user=person)
    move_followers(duplicate.pk, original.pk)
    active = Alert.objects.filter(stopped_at=None).values_list("user__name", "report_id")
    assert sorted(active) == [("Nora", original.pk), ("Rosa", original.pk)]
    assert set(Alert.objects.exclude(stopped_at=None).values_list("stopped", flat=True)) == {
        "moved"
    }


@pytest.mark.parametrize(
    ("frequency", "due"),
    [
        ("instant", "2026-11-20T12:00+00:00"),
        ("daily", "2026-11-21T07:00+00:00"),
        ("weekly", "2026-11-23T07:00+00:00"),
    ],
)
def test_news_is_due_at_once_or_in_the_morning_or_on_monday(nora, frequency, due):
    follow(near(HERE, 500), user=nora, frequency=frequency)
    match_reports([a_report().pk])
    assert Item.objects.get().due_at.isoformat(timespec="minutes") == due


def test_changing_how_often_moves_what_waits(nora):
    alert = follow(near(HERE, 500), user=nora, frequency="weekly")
    match_reports([a_report().pk])
    change_frequency(alert.pk, "instant")
    assert Item.objects.get().due_at == NOON
