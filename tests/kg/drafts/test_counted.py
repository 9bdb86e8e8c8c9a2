"""Figures in running text: value, unit, bound, and the figure as it is printed."""

from decimal import Decimal

import pytest

from kg.drafts.counted import counted


@pytest.mark.parametrize(
    ("text", "written", "value", "unit", "bound"),
    [
        ("Trade was 3.4 billion dollars.", "3.4 billion dollars", "3400000000", "CCY_USD", "bound-exact"),
        ("It cost over $3.4 billion in all.", "$3.4 billion", "3400000000", "CCY_USD", "bound-over"),
        ("It cost nearly €12 million.", "€12 million", "12000000", "CCY_EUR", "bound-nearly"),
        ("About 60 thousand students came.", "60 thousand", "60000", "NUM", "bound-about"),
        ("It grew by more than 8%.", "8%", "8", "PERCENT", "bound-over"),
        ("It grew by 8 per cent.", "8 per cent", "8", "PERCENT", "bound-exact"),
        ("They take up to 5 billion cubic meters per year.", "5 billion cubic meters per year", "5000000000",
         "M3-PER-YR", "bound-up-to"),
        ("They drew up 20 documents.", "20 documents", "20", "", "bound-exact"),
        ("They exchanged eleven other documents.", "eleven", "11", "", "bound-exact"),
        ("Seven of the documents are long.", "Seven", "7", "", "bound-exact"),
        ("Seven universities work there.", "Seven", "7", "NUM", "bound-exact"),
        ("Two thirds of the money is theirs.", "Two thirds", "2", "NUM", "bound-exact"),
        ("It was their fourth meeting.", "fourth", "4", "NUM", "bound-exact"),
        ("They came on a two-day visit.", "two-day", "2", "DAY", "bound-exact"),
        ("It lasted ten years.", "ten years", "10", "YR", "bound-exact"),
        ("The country ranks second by trade.", "second", "2", "NUM", "bound-exact"),
        ("It is worth 22 billion roubles.", "22 billion roubles", "22000000000", "CCY_RUB", "bound-exact"),
        ("Товарооборот превысил 28,4 млрд долларов.", "28,4 млрд долларов", "28400000000", "CCY_USD", "bound-over"),
        ("Около 60 тысяч студентов.", "60 тысяч", "60000", "NUM", "bound-about"),
    ],
)  # fmt: skip
def test_a_figure(text: str, written: str, value: str, unit: str, bound: str) -> None:
    (found,) = counted(text)
    assert (found.as_written, found.value, found.unit, found.bound) == (written, Decimal(value), unit, bound)
    assert text[found.start : found.end] == written
    assert found.documents == (not unit)


def test_a_part_of_a_whole() -> None:
    (found,) = counted("Now 76 out of 89 regions cooperate.")
    assert (found.as_written, found.value, found.out_of) == ("76 out of 89", Decimal(76), Decimal(89))


@pytest.mark.parametrize(
    "text",
    ["One of them left.", "The first came late.", "The two countries agree.", "The XX century.", "Nothing here."],
)
def test_what_is_no_figure(text: str) -> None:
    assert counted(text) == []


def test_that_dates_are_no_figures() -> None:
    text = "On May 4, 2029 they bought 12 ships."
    assert [f.as_written for f in counted(text, [(3, 14)])] == ["12"]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("It grew by 8 to 9 per cent.", (8, "PERCENT", "bound-over"), (9, "PERCENT", "bound-up-to")),
        ("Between 12 and 15 projects are chosen.", (12, "NUM", "bound-over"), (15, "NUM", "bound-up-to")),
        (
            "It rises to between 6 and 7 billion.",
            (6_000_000_000, "NUM", "bound-over"),
            (7_000_000_000, "NUM", "bound-up-to"),
        ),
        ("Between 900 thousand and 2 million.", (900_000, "NUM", "bound-over"), (2_000_000, "NUM", "bound-up-to")),
        ("They chose 12 and 15 projects.", (12, "NUM", "bound-exact"), (15, "NUM", "bound-exact")),
        ("From 8 came 9 per cent.", (8, "NUM", "bound-exact"), (9, "PERCENT", "bound-exact")),
    ],
)
def test_a_range(text: str, first: tuple[int, str, str], second: tuple[int, str, str]) -> None:
    assert [(int(f.value), f.unit, f.bound) for f in counted(text)] == [first, second]
