"""The footnotes of a page, numbered in the order of the facts in its records."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from kg.language.labels import expect_labels, labels
from kg.store.reader import Reader
from kg.views.facts import Fact
from kg.views.footnotes import expect_footnotes, footnotes
from kg.views.notes import Notes
from kg.views.timelines import Moment

__all__ = ["Notes", "expect", "notes"]


def notes(reader: Reader, language: str, cited: object, named: object = ()) -> Notes:
    """The footnotes of all facts and dates in `cited`, and the labels of all IRIs in `cited` and `named`.

    Both arguments are records in the order of the page: dataclasses, IRIs, or iterables and mappings of such.
    """
    claims, things = expect(reader, language, cited, named)
    return Notes(footnotes(reader, claims, language), labels(reader, things, language))


def expect(reader: Reader, language: str, cited: object, named: object = ()) -> tuple[list[str], set[str]]:
    """The claims and the things of which `notes` gives footnotes and labels, read along with what is asked next."""
    claims = [claim for part in _parts(cited) if not isinstance(part, str) for claim in part.claims]
    things = {
        part if isinstance(part, str) else part.iri for part in _parts((cited, named)) if not isinstance(part, Moment)
    } - {""}
    expect_footnotes(reader, claims, language)
    expect_labels(reader, things, language)
    return claims, things


def _parts(record: object) -> Iterator[Fact | Moment | str]:
    """The facts, dates and IRIs in a record, in the order of its fields."""
    if isinstance(record, Fact | Moment):
        yield record
    elif isinstance(record, str):
        if "://" in record:
            yield record
    elif isinstance(record, Mapping):
        for value in record.values():
            yield from _parts(value)
    elif isinstance(record, Iterable):
        for value in record:
            yield from _parts(value)
    elif is_dataclass(record):
        for each in fields(record):
            yield from _parts(getattr(record, each.name))
