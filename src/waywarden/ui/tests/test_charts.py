"""Columns by month."""

from itertools import pairwise

import pytest

from waywarden.ui.charts import HEIGHT, WIDTH, columns


@pytest.mark.parametrize("most", [0, 1, 3, 7, 42, 99, 1234, 250_000])
def test_lines_are_few_even_and_reach_over_the_highest_column(most):
    chart = columns([("Jan", most, 0)])
    values = [value for _y, value in chart.lines]
    assert values[0] == 0
    assert values[-1] >= most
    assert len({b - a for a, b in pairwise(values)}) == 1
    assert 2 <= len(values) <= 6


def test_columns_stand_on_the_line_beside_each_other_within_the_drawing():
    chart = columns([("Jan", 10, 5), ("Feb", 20, 0)])
    bottom = chart.lines[0][0]
    for one in chart.columns:
        for top, height in zip(one.tops, one.heights, strict=True):
            assert top + height == pytest.approx(bottom)
            assert 0 <= top <= HEIGHT
        assert chart.left <= one.left < one.second < one.second + one.width <= WIDTH
    january, february = chart.columns
    assert january.second + january.width < february.left
    assert january.heights[0] == pytest.approx(2 * january.heights[1])


def test_no_months_make_an_empty_chart():
    assert columns([]).columns == ()
