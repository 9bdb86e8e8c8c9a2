"""Lists as tables: what a row says of its thing, and who says so, how surely and where, with labels beside the IRIs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kg.engine.errors import TooLargeError
from kg.language.labels import Label, labels
from kg.language.vocabulary_labels import NAMES
from kg.tabular.table import Field, Table, Text, tabulate
from kg.views.facts import Fact
from kg.views.footnotes import Footnote
from kg.views.notes import Notes
from kg.views.timelines import Moment
from ontology.namespaces import shorten
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import SUFFIXES, about_table
from server.pages.filters import Filters

MOST_IN_FILE: Final = 5_000
"""The limit of things in a file of a list; longer lists are refused with 413, not truncated."""


def table_of(site: Site, name: str, title: str, fields: Sequence[Field], records: Iterable[Mapping[str, Any]]) -> Table:
    """A table of records, whose things have their labels read all at once; units have the names that pages use."""
    kept = [dict(record) for record in records]
    of_things = [field.name for field in fields if field.kind == "things"]
    found = {iri for record in kept for each in of_things for iri in _several(record.get(each))}
    iris = {str(iri) for iri in found if not isinstance(iri, Text) and ":" in iri}
    names = labels(site.reader, iris, language())

    def label(iri: str) -> str:
        known = names.get(iri, Label(iri))
        return translate(NAMES[iri]) if iri in NAMES and known == Label(shorten(iri)) else str(known)

    return tabulate(name, title, fields, kept, label, about_table(site))


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [*(value or ())]


def said(page: Notes, claims: Iterable[str]) -> dict[str, Any]:
    """The cells of `said_fields`: of all claims, each once and in order."""
    return of_notes([note for _, note in page.notes(claims)])


def of_notes(notes: Sequence[Footnote]) -> dict[str, Any]:
    """The cells of `said_fields` for footnotes."""
    return {
        "modality": dict.fromkeys(note.modality for note in notes),
        "speaker": dict.fromkeys(note.speaker for note in notes),
        "article": dict.fromkeys(note.article for note in notes),
        "paragraph": dict.fromkeys(note.paragraph for note in notes if note.paragraph),
        "published": dict.fromkeys(note.published for note in notes),
        "gloss": dict.fromkeys(note.gloss for note in notes),
        "claim": [note.claim for note in notes],
    }


def said_fields() -> tuple[Field, ...]:
    """The fields that say who says so, how surely, and where."""
    return (
        Field("modality", translate("How surely"), "things"),
        Field("speaker", translate("Who says so"), "things"),
        Field("article", translate("Article"), "things"),
        Field("paragraph", translate("Paragraph")),
        Field("published", translate("Appeared by")),
        Field("gloss", translate("What is said, in our words")),
        Field("claim", translate("Claim"), "iri"),
    )


def values(facts: Iterable[Fact]) -> list[str]:
    """The values of facts, those that are no IRIs marked as such."""
    return [fact.iri or Text(fact.value.value) for fact in facts]


def days(moments: Iterable[Moment], kind: str) -> dict[str, str]:
    """The first and last day of the dates of a kind, as the cells KIND_earliest and KIND_latest."""
    of_kind = [moment for moment in moments if moment.kind == kind]
    first = min((moment.first for moment in of_kind), default="")
    return {f"{kind}_earliest": first, f"{kind}_latest": max((moment.last for moment in of_kind), default="")}


def known(suffix: str, name: str) -> None:
    """Raises a 404 ProblemError for a suffix that no table has."""
    if suffix not in SUFFIXES:
        offered = ", ".join(f"{name}.{each}" for each in SUFFIXES)
        raise ProblemError(404, "Not found", f"There is no {name}.{suffix}; there is: {offered}.")


def checked(suffix: str, name: str, filters: Filters) -> None:
    """Raises a 404 ProblemError for a suffix that no table has, and a 400 one for filters that are not understood."""
    known(suffix, name)
    filters.page()  # that a file has no pages is no reason to take a wrong number
    if filters.problems:
        raise ProblemError(400, "Malformed request", " ".join(filters.problems))


def bounded(total: int) -> None:
    """Raises TooLargeError for a list that is longer than a file may be."""
    if total > MOST_IN_FILE:
        message = translate("The list is longer than %(most)s rows. Narrow it, or take the whole dataset.")
        raise TooLargeError(message % {"most": MOST_IN_FILE})
