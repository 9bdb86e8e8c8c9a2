"""``/documents``: documents and packages by party, kind, stage, year and words, with their stage tracks."""

import csv
import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from flask import Blueprint, Response, render_template

from kg.engine.errors import TooLargeError
from kg.language.labels import Label
from kg.views.facts import Fact
from kg.views.instruments import Instrument, Stage, documents, instruments, kinds, parties, stages, years
from kg.views.listings import Listing
from server.http.languages import language, translate
from server.http.site import Site
from server.pages.filters import Asked, Choice, choices
from server.pages.notes import Notes, notes

MOST_IN_FILE: Final = 5_000
"""How many documents a CSV file of the list holds at most; more are refused, not left out."""

_COLUMNS: Final = (
    *("document", "name", "package", "document_count", "kind", "parties", "stage", "earliest", "latest"),
    *("planned_earliest", "planned_latest", "event", "speaker", "modality", "claim"),
)


def blueprint(site: Site) -> Blueprint:
    """The list of documents over one site, as a page and as CSV."""
    routes = Blueprint("documents", __name__)

    @lru_cache(maxsize=8)
    def offered(version: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {
            "party": choices(reader, parties(reader), code),
            "kind": choices(reader, kinds(reader), code),
            "stage": choices(reader, stages(reader), code, by_name=False),
            "year": [Choice(str(year), str(year), Label(str(year))) for year in years(reader)],
        }

    def filtered(asked: Asked) -> dict[str, Any]:
        fields = offered(site.store.version, language())
        return {
            "party": asked.choice("party", translate("Party"), fields["party"]),
            "kind": asked.choice("kind", translate("Kind"), fields["kind"]),
            "stage": asked.choice("stage", translate("Stage"), fields["stage"]),
            "year": int(asked.choice("year", translate("Year"), fields["year"]) or 0),
            "words": asked.words(),
            "by_date": asked.order == "date",
            "descending": asked.descending,
            "number": asked.page(),
        }

    @routes.get("/documents")
    def page() -> tuple[str, int]:
        """Documents that fit the filters, a page at a time; 400 with a message where a filter cannot be."""
        asked = Asked("name", "date")
        chosen = filtered(asked)
        listing = Listing((), 0) if asked.problems else documents(site.reader, language(), **chosen)
        shown = instruments(site.reader, listing.things)
        body = render_template(
            "pages/documents.html",
            asked=asked,
            fields=offered(site.store.version, language()),
            listing=listing,
            shown=shown,
            page=notes(site.reader, language(), _cited(shown), (shown, track_codes(shown))),
        )
        return body, 400 if asked.problems else 200

    @routes.get("/documents.csv")
    def file() -> Response:
        """The same list as CSV, a line for each claim of a stage; 413 where it is longer than `MOST_IN_FILE`."""
        asked = Asked("name", "date")
        chosen = filtered(asked)
        if asked.problems:
            return Response("\n".join(asked.problems) + "\n", status=400, mimetype="text/plain")
        listing = documents(site.reader, language(), **chosen | {"number": 1}, size=MOST_IN_FILE)
        if listing.total > MOST_IN_FILE:
            message = translate("The list is longer than %(most)s documents. Narrow it, or take the whole dataset.")
            raise TooLargeError(message % {"most": MOST_IN_FILE})
        shown = instruments(site.reader, listing.things)
        response = Response(_csv(shown, notes(site.reader, language(), shown)), mimetype="text/csv")
        response.headers["Content-Disposition"] = 'attachment; filename="documents.csv"'
        return response

    return routes


def context(site: Site, iri: str, language: str) -> dict[str, Any]:
    """What the page of a document or package shows above its facts: its parties and its stage track."""
    (shown,) = instruments(site.reader, [iri])
    return {
        "shown": shown,
        "page": notes(site.reader, language, (shown.counts, track_facts(shown)), (shown, track_codes([shown]))),
    }


def _cited(shown: list[Instrument]) -> object:
    """What the lines and tracks of documents have footnotes for, in their order."""
    return [(each.counts, each.kinds, each.parties, each.periods, track_facts(each)) for each in shown]


def track_facts(each: Instrument) -> object:
    """What the track of a document has footnotes for: its stages, their dates, and where these lack, their events'."""
    return [(s.code, s.dates or s.event_dates) for step in each.track for s in step.told]


def track_codes(shown: list[Instrument]) -> set[str]:
    """The codes of all stages in the tracks of documents, told or not; they need names."""
    return {step.code for each in shown for step in each.track}


def _csv(shown: list[Instrument], page: Notes) -> str:
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(_COLUMNS)
    for each in shown:
        head = (
            each.iri,
            page.name(each.iri),
            str(each.is_package).lower(),
            _values(each.counts),
            _values(each.kinds),
            _values(each.parties),
        )
        lines = [line for stage in each.stages for line in _lines(stage, page)]
        writer.writerows((*head, *line) for line in lines or [("",) * 9])
    return output.getvalue()


def _lines(stage: Stage, page: Notes) -> Iterator[tuple[str, ...]]:
    held = next((moment for moment in stage.dates if moment.sort == "held"), None)
    planned = next((moment for moment in stage.dates if moment.sort == "planned"), None)
    days = [(moment.first, moment.last) if moment else ("", "") for moment in (held, planned)]
    for _, note in page.notes(stage.code.claims):
        yield stage.code.iri, *days[0], *days[1], _values(stage.events), note.speaker, note.modality, note.claim


def _values(facts: tuple[Fact, ...]) -> str:
    return " ".join(str(fact.value.value) for fact in facts)
