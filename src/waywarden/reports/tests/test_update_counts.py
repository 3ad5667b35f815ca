"""How many shown updates a report has, under every write; lists sorted by it."""

from collections import Counter

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waywarden.kernel import clock
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.reports import update_services
from waywarden.reports.clusters import reports_in
from waywarden.reports.models import Update
from waywarden.reports.pins import Filters, Order, Slice, numbers_in
from waywarden.reports.tests.test_pins import AROUND, make
from waywarden.reports.update_services import NewUpdate

pytestmark = pytest.mark.django_db
SHOWN, HIDDEN = Update.Visibility.SHOWN, Update.Visibility.HIDDEN
ALL = Slice(9, 0, Order.UPDATES)


def kept() -> dict[int, int]:
    """What the database keeps, by report, without those that have none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, update_count FROM reports_report WHERE update_count <> 0")
        return dict(cursor.fetchall())


def plain() -> dict[int, int]:
    """The same, counted from the updates one by one."""
    shown = Update.objects.filter(visibility=SHOWN)
    return dict(Counter(shown.values_list("report_id", flat=True)))


def say(*reports, visibility=SHOWN, text="Still so"):
    """An update to each of some reports, all at once."""
    return Update.objects.bulk_create(
        Update(report=one, text=text, visibility=visibility, created=clock.now()) for one in reports
    )


class Writer:
    """Writes updates as the rooms above do, in any order."""

    def __init__(self, place):
        self.place = place
        self.reports = [make(), make(), make(state="fixed")]

    def said(self, number):
        """One of the updates there are."""
        rows = list(Update.objects.order_by("pk"))
        return rows[number % len(rows)] if rows else None

    def person(self, number):
        """Signed in, so shown at once, or not."""
        report = self.reports[number % 3]
        new = NewUpdate(report.pk, "I saw it too", "rosa@example.org", "Rosa")
        update_services.create_update(new, user=self.place.rosa if number % 2 else None)

    def confirm(self, number):
        """What waits, or what does not."""
        if update := self.said(number):
            update_services.confirm_update(update.pk, user=self.place.rosa)

    def withdraw(self, number):
        """Where that may still be done."""
        if update := self.said(number):
            try:
                update_services.withdraw_update(update.pk, user=self.place.rosa)
            except (NotAllowed, RuleBroken):
                assert Update.objects.filter(pk=update.pk).exists()

    def many(self, number):
        """Several for one report and one for another."""
        one, two = self.reports[number % 3], self.reports[(number + 1) % 3]
        say(one, two, one, visibility=list(Update.Visibility)[number % 2])

    def hide(self, number):
        """Or show again, one or all."""
        to = (SHOWN, HIDDEN)[number % 2]
        found = Update.objects.all()
        if number % 3 and (update := self.said(number)):
            found = found.filter(pk=update.pk)
        found.update(visibility=to)

    def move(self, number):
        """To another report."""
        if update := self.said(number):
            Update.objects.filter(pk=update.pk).update(report=self.reports[number % 3])

    def delete(self, number):
        """One, or all of a report."""
        if update := self.said(number):
            (update if number % 2 else Update.objects.filter(report=update.report_id)).delete()

    def save(self, number):
        """A report that was read before all this is written whole."""
        self.reports[number % 3].save()


ACTS = [name for name in vars(Writer) if not name.startswith("_") and name != "said"]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 400)), max_size=20))
def test_the_count_is_what_a_plain_count_gives_after_any_writes(place, acts):
    with transaction.atomic():
        writer = Writer(place)
        for act, number in acts:
            getattr(writer, act)(number)
            assert kept() == plain(), act
        transaction.set_rollback(True)


def test_a_report_goes_with_its_updates(place):
    report = make()
    say(report, report)
    report.delete()
    assert kept() == {}


@pytest.mark.parametrize("is_wide", [False, True])
def test_most_updates_come_first_and_what_is_hidden_is_not_counted(place, is_wide):
    quiet, much, hidden, some = (make(place.county) for _turn in range(4))
    say(much, much, much, some)
    say(hidden, hidden, hidden, hidden, visibility=HIDDEN)
    say(hidden, hidden, visibility=Update.Visibility.UNCONFIRMED)
    expected = [much.pk, some.pk, hidden.pk, quiet.pk]

    def found(box=AROUND, part=ALL, **filters):
        return numbers_in(box, Filters(**filters), part, is_wide=is_wide)

    assert found() == expected
    assert found(None, body_ids=(place.county.pk,)) == expected
    assert found(text="lamp") == expected
    assert found(part=Slice(2, 1, Order.UPDATES)) == expected[1:3]
    rows = reports_in(AROUND, Filters(), ALL)
    assert [row.pk for row in rows] == expected


def test_a_private_report_is_in_no_list_however_much_is_said_of_it(place):
    private = make(place.county, is_private=True)
    say(private, private)
    assert numbers_in(AROUND, Filters(), ALL) == []


def test_the_sort_of_all_reads_its_index_from_one_end(place):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT r.id FROM reports_report r WHERE NOT r.is_private"
            " AND NOT (r.state IN ('unconfirmed', 'hidden'))"
            " ORDER BY r.update_count DESC, r.id DESC LIMIT 30"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Backward using report_most_updates" in plan
