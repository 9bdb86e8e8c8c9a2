"""``/downloads``: where an engineer begins: the endpoint, what explains the data, tables, files, programs to try."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request

from kg.language.messages import gettext_noop
from kg.publishing.questions import find_question
from kg.publishing.schemas import MEDIA_TYPES as SCHEMAS
from kg.publishing.schemas import schema
from kg.store.followed import Followed
from kg.views.overview import counts, follow_counts
from ontology import BASE, ONTOLOGY_IRI
from server.endpoint.snippets import Snippet, snippets
from server.http.site import Site

_QUESTION: Final = "trade-turnover-by-period"
"""The question that the programs ask."""

_QUERY: Final = (
    "SELECT ?class (COUNT(?thing) AS ?things) WHERE {\n  ?thing a ?class\n} GROUP BY ?class ORDER BY DESC(?things)"
)
"""What they ask of other data."""


@dataclass(frozen=True)
class ListedTable:
    """A table of the list at an address: what it is called, what it holds, and of how many things, 0 if not known."""

    path: str
    title: str
    holds: str
    count: int = 0


TABLES: Final = (
    (
        "/claims",
        gettext_noop("All claims"),
        gettext_noop("what is said, who says so, how surely, where, of what"),
        "claims",
    ),
    ("/trade", gettext_noop("All figures"), gettext_noop("value, unit, period, parties, and who says so"), "trade"),
    ("/documents", gettext_noop("Documents"), gettext_noop("a row for each claim of a stage"), "documents"),
    ("/events", gettext_noop("Events"), gettext_noop("dates, places and those who take part"), "events"),
    ("/leaders", gettext_noop("Leaders"), gettext_noop("a row for each office"), "leaders"),
    ("/states", gettext_noop("States"), gettext_noop("codes, heads of state, memberships"), "states"),
    ("/sources", gettext_noop("Sources"), gettext_noop("the articles, with their dates"), "sources"),
)
"""The tables by the addresses of their lists, what they hold, and the kind of things that are counted."""


def blueprint(site: Site) -> Blueprint:
    """The page of downloads of a site."""
    routes = Blueprint("downloads_page", __name__)
    counted = Followed(site.store, counts, follow_counts)

    @routes.get("/downloads")
    def downloads() -> Response:
        """The page of downloads."""
        kinds = site.kinds.get()
        numbers = counted.get() if kinds else {}
        tables = [
            ListedTable(path, title, holds, numbers.get(kind, 0))
            for path, title, holds, kind in TABLES
            if kind in kinds
        ]
        host = request.url_root.rstrip("/")
        query = find_question(_QUESTION).bare if kinds else _QUERY
        page = render_template(
            "pages/downloads.html",
            files=site.files,
            made=site.dumps.made(),
            explanations=[schema(name) for name in SCHEMAS] if kinds else [],
            tables=tables,
            host=host,
            base=BASE,
            ontology=ONTOLOGY_IRI,
            version=site.version,
            snippets=[*(_of_tables(host) if "claims" in kinds else ()), *snippets(f"{host}/sparql", query)],
        )
        response = make_response(page)
        response.cache_control.no_cache = True
        response.add_etag(weak=True)  # of the content: it lists files that are made without a change of the data
        response.make_conditional(request)
        return response

    return routes


def _of_tables(host: str) -> list[Snippet]:
    """Programs that read a table of lists."""
    return [Snippet("pandas", _PANDAS.replace("HOST", host)), Snippet("DuckDB", _DUCKDB.replace("HOST", host))]


_PANDAS: Final = """\
import pandas as pd  # pip install pandas

figures = pd.read_csv("HOST/trade.csv")
print(figures[["measure_label", "area_label", "period", "in_words", "speaker_label", "modality_label"]])
"""

_DUCKDB: Final = """\
import urllib.request

import duckdb  # pip install duckdb

urllib.request.urlretrieve("HOST/claims.csv", "claims.csv")
print(duckdb.sql('''
  SELECT speaker_label, modality_label, count(*) AS claims FROM 'claims.csv' GROUP BY ALL ORDER BY claims DESC
'''))
"""
