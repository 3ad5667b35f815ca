"""What is kept of many rows: enough to tell, not enough to fill the memory."""

from waywarden.open311.types import Deviation
from waywarden.sync.rows import KEPT_OF_EACH, MOST_SKIPPED, Counts, Skipped, summary_of


def piece(number):
    return Counts(
        rows=300,
        skipped=[Skipped(f"{number}-{turn}", "Unknown.") for turn in range(300)],
        deviations=[Deviation("no-id", "It has no id.", f"row {turn}") for turn in range(300)],
    )


def test_of_a_long_poll_all_is_counted_and_little_is_kept():
    total = Counts()
    for number in range(10):
        total.add(piece(number))
    assert (len(total.skipped), len(total.deviations)) == (MOST_SKIPPED, KEPT_OF_EACH)
    [told] = summary_of(total.deviations, total.more_deviations)
    assert (told["count"], told["where"]) == (3000, "row 0")


def test_what_several_polls_left_out_adds_up():
    half, total = Counts(), Counts()
    half.add(piece(1))
    total.add(half)
    total.add(piece(2))
    [told] = summary_of(total.deviations, total.more_deviations)
    assert told["count"] == 600
