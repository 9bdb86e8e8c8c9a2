"""The list of claims as files: a table with labels beside the IRIs, and linked data with each claim in its graph."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyoxigraph as ox
from flask import request

from kg.charts.trade_charts import in_words
from kg.claims.citing import sentence, sources
from kg.claims.content import contents
from kg.claims.facets import ClaimTable
from kg.claims.kinds import TITLES
from kg.rdf.formats import GraphFormat
from kg.store.reader import Reader, nodes
from kg.tabular.table import Field, Table
from kg.views.footnotes import footnotes
from ontology.namespaces import PREFIXES
from server.http.languages import language, translate
from server.http.links import page_of
from server.http.site import Site
from server.pages.list_files import table_of

_BATCH: Final = 500
_MOST_ROWS: Final = 200_000


def claim_table(site: Site, table: ClaimTable, claims: Sequence[str]) -> Table:
    """The claims as a table: what is said, by whom, how surely, where and when, of what; figures as numbers."""
    reader, code = site.reader, language()
    notes = footnotes(reader, claims, code)
    held = contents(reader, notes, claims)
    articles = sources(reader, (note.article for note in notes.values()), code)
    records = []
    for iri in claims:
        note, row = notes.get(iri), table.claims[table.numbers[iri]]
        if note is None:
            continue
        source = articles.get(row.article)
        figure = next(iter(held[iri].figures), None)
        records.append(
            {
                "claim": iri,
                "gloss": note.gloss,
                "kind": translate(TITLES[row.kind]),
                "modality": note.modality,
                "speaker": row.speakers,
                "article": row.article,
                "headline": source.headline.text if source else "",
                "author": [*map(str, source.authors)] if source else (),
                "publisher": [*map(str, source.publishers)] if source else (),
                "address": source.address if source else "",
                "published_earliest": row.earliest,
                "published_latest": row.latest,
                "paragraph": row.paragraph or "",
                "passage": note.passage,
                "topic": row.topics,
                "about": (*row.things, *row.records),
                "figure": in_words(figure, code, translate) if figure else "",
                "value": f"{figure.value:f}" if figure else "",
                "unit": figure.unit if figure else "",
                "as_written": figure.as_written if figure else (),
                "planned_until": held[iri].planned_until,
                "basis": note.basis,
                "reading": note.confidence,
                "page": f"{request.url_root.rstrip('/')}{page_of(iri)}",
                "citation": sentence(note, source, code, translate) if source else "",
            }
        )
    return table_of(site, "claims", translate("Claims"), _fields(), records)


def _fields() -> tuple[Field, ...]:
    return (
        Field("claim", translate("Claim"), "iri"),
        Field("gloss", translate("What is said, in our words")),
        Field("kind", translate("Kind of fact")),
        Field("modality", translate("How surely"), "things"),
        Field("speaker", translate("Who says so"), "things"),
        Field("article", translate("Article"), "things"),
        Field("headline", translate("Headline")),
        Field("author", translate("Author")),
        Field("publisher", translate("Publisher")),
        Field("address", translate("Address of the article"), "iri"),
        Field("published_earliest", translate("First day on which it may have appeared"), "date"),
        Field("published_latest", translate("Last such day"), "date"),
        Field("paragraph", translate("Paragraph"), "integer"),
        Field("passage", translate("Passage"), "iri"),
        Field("topic", translate("Topic"), "things"),
        Field("about", translate("About whom or what"), "things"),
        Field("figure", translate("Figure")),
        Field("value", translate("Value"), "decimal"),
        Field("unit", translate("Unit"), "things"),
        Field("as_written", translate("As printed")),
        Field("planned_until", translate("Last day that is planned for"), "date"),
        Field("basis", translate("Stated or implied"), "things"),
        Field("reading", translate("The curator's confidence in the reading"), "things"),
        Field("page", translate("Page"), "iri"),
        Field("citation", translate("Citation")),
    )


def dataset(reader: Reader, claims: Sequence[str], form: GraphFormat) -> bytes:
    """The claims as a dataset: each one's graph, and in the default graph the records of claims and passages."""
    body = ox.serialize(_quads(reader, claims), format=form.engine, prefixes={**PREFIXES})
    return body or b""


def _quads(reader: Reader, claims: Sequence[str]) -> Iterator[ox.Quad]:
    kel = PREFIXES["kel"]
    for start in range(0, len(claims), _BATCH):
        chosen = f"VALUES ?c {{ {nodes(claims[start : start + _BATCH])} }}"
        passages = f"{chosen} ?c <{kel}passage> ?s . ?s ?p ?o"
        articles = f"{{ SELECT DISTINCT ?s WHERE {{ {chosen} ?c <{kel}passage>/<{kel}article> ?s }} }} ?s ?p ?o"
        for row in reader.rows(
            f"SELECT ?g ?s ?p ?o WHERE {{ {{ {chosen} GRAPH ?c {{ ?s ?p ?o }} BIND(?c AS ?g) }} "
            f"UNION {{ {chosen} ?c ?p ?o BIND(?c AS ?s) }} UNION {{ {passages} }} UNION {{ {articles} }} }} "
            f"LIMIT {_MOST_ROWS:d}"
        ):
            yield ox.Quad(row["s"], row["p"], row["o"], row.get("g"))  # type: ignore[arg-type]
