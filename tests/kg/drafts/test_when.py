"""Dates in running text, resolved from the days of the article."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.checks.edtf import days
from kg.drafts.when import Appeared, dates

DAY = Appeared(date(2031, 9, 9), date(2031, 9, 9))
"""A Tuesday."""


def told(text: str, appeared: Appeared = DAY) -> list[tuple[str, bool]]:
    return [(d.edtf, d.stated) for d in dates(text, appeared)]


@pytest.mark.parametrize(
    ("text", "edtf", "stated"),
    [
        ("It was signed on 4 May 2029.", "2029-05-04", True),
        ("It was signed on May 4, 2029, in Tarn.", "2029-05-04", True),
        ("They met on May 4.", "2031-05-04", False),
        ("They met on December 4.", "2030-12-04", False),
        ("They met on September 20.", "2030-09-20", False),
        ("Next on the list is September 20.", "2031-09-20", False),
        ("They will meet on December 4.", "2031-12-04", False),
        ("They will meet on January 4.", "2032-01-04", False),
        ("They met on 4 and 5 May.", "2031-05-04/2031-05-05", False),
        ("They met on May 4-5.", "2031-05-04/2031-05-05", False),
        ("It was founded in May 2029.", "2029-05", True),
        ("It was founded in May.", "2031-05", False),
        ("It was founded in October.", "2030-10", False),
        ("It was founded in 1998.", "1998", True),
        ("The plan for 2032-2035 was adopted.", "2032/2035", True),
        ("The plan for 2032-35 was adopted.", "2032/2035", True),
        ("They met yesterday.", "2031-09-08", False),
        ("They met on Monday.", "2031-09-08", False),
        ("They met on Tuesday.", "2031-09-09", False),
        ("They will meet on Monday.", "2031-09-15", False),
        ("They will meet tomorrow.", "2031-09-10", False),
        ("Last year it was less.", "2030", False),
        ("In the first half of 2031 it grew.", "2031-01/2031-06", True),
        ("In the first nine months of 2031 it grew.", "2031-01/2031-09", True),
        ("In the first quarter of last year it grew.", "2030-01/2030-03", False),
        ("It began in early 2029.", "[2029-01-01..2029-06-30]", False),
        ("It began ten years ago.", "2021~", False),
        ("It began in the 16th century.", "[1501..1600]", False),
        ("Они встретились 4 мая 2029 года.", "2029-05-04", True),
        ("Они встретились 4 мая.", "2031-05-04", False),
        ("Они встретятся завтра.", "2031-09-10", False),
        ("Олар 2029 жылғы 4 мамырда кездесті.", "2029-05-04", True),
    ],
)
def test_a_date(text: str, edtf: str, stated: bool) -> None:
    assert told(text) == [(edtf, stated)]


@pytest.mark.parametrize(
    "text",
    [
        "They may meet.",
        "It cost $2,030 and weighs 1.998 kilograms.",
        "They march on.",
        "Of 120 states, 42 may sign the treaty.",
        "Around 95 march.",
        "About 30 march to the square, and 12 may follow.",
        "See p2031.",
        "Version 19.98 came with 31 parts.",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert told(text) == []


def test_a_date_of_which_the_day_of_the_article_is_not_known() -> None:
    spread = Appeared(date(2031, 9, 9), date(2031, 9, 11))
    assert told("They met yesterday.", spread) == [("[2031-09-08..2031-09-10]", False)]
    assert told("Today they are many.", spread) == []


def test_what_is_ahead_gets_the_properties_of_plans() -> None:
    (planned,) = dates("They will meet on May 4, 2032.", DAY)
    assert planned.property_names == ("plannedEarliest", "plannedLatest", "plannedEdtf")
    (past,) = dates("They met on May 4, 2029.", DAY)
    assert past.property_names == ("earliest", "latest", "edtf")
    assert past.bounds == (date(2029, 5, 4), date(2029, 5, 4))


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.booleans(), st.text(max_size=8))
def test_that_bounds_and_edtf_agree(day: date, ahead: bool, noise: str) -> None:
    text = f"{noise} They {'will meet' if ahead else 'met'} on {day:%B} {day.day} {noise}"
    for found in dates(text, Appeared(day, day)):
        expected = days(found.edtf)
        assert expected
        assert (expected.first, expected.last) == found.bounds
        assert text[found.start : found.end].strip()


@pytest.mark.parametrize(
    ("text", "edtf"),
    [
        ("More than a quarter of this year is gone.", ["2031"]),
        ("They met on 31 June.", ["2031-06"]),
        ("It was dry in the summer months of 2024.", ["2024"]),
        ("They met on February 29.", ["2028-02-29"]),
        ("They will meet on February 29.", ["2032-02-29"]),
    ],
)
def test_dates_of_few_years(text: str, edtf: list[str]) -> None:
    assert [d.edtf for d in dates(text, DAY)] == edtf
