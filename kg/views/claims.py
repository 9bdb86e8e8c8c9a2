"""One claim: its facts and its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.language.labels import Label, labels, preferred_label
from kg.store.reader import Reader, node
from kg.views.facts import Fact, in_language
from kg.views.footnotes import Footnote, footnotes
from kg.views.notes import Notes
from ontology import INFERRED_GRAPH
from ontology.namespaces import KEL

_MAX_FACTS: Final = 500


@dataclass(frozen=True, kw_only=True)
class ClaimView(Notes):
    """The view of a claim.

    facts: the triples of its graph by subject (at most 500). remark: the curator's note, empty if there is none.
    """

    record: Footnote
    facts: Mapping[str, tuple[Fact, ...]]
    remark: Label


def read_claim(reader: Reader, iri: str, language: str) -> ClaimView | None:
    """The claim with that IRI, or None if it has no record."""
    record = footnotes(reader, [iri], language).get(iri)
    if record is None:
        return None
    rows = reader.rows(
        f"SELECT ?s ?p ?o ?inferred WHERE {{ GRAPH {node(iri)} {{ ?s ?p ?o }} "
        f"BIND(EXISTS {{ GRAPH <{INFERRED_GRAPH}> {{ ?s ?p ?o }} }} AS ?inferred) }} LIMIT {_MAX_FACTS}"
    )
    facts: dict[str, list[Fact]] = {}
    found = (Fact(str(r["s"].value), str(r["p"].value), r["o"], (iri,), r["inferred"].value == "true") for r in rows)
    for fact in in_language(found, language):
        facts.setdefault(fact.subject, []).append(fact)
    remarks = reader.rows(f"SELECT ?note WHERE {{ {node(iri)} <{KEL.note}> ?note }} LIMIT 20")
    shown = {i for facts_of in facts.values() for f in facts_of for i in (f.subject, f.predicate, f.iri) if ":" in i}
    return ClaimView(
        record=record,
        facts={subject: tuple(of_it) for subject, of_it in facts.items()},
        remark=preferred_label((text for row in remarks if isinstance(text := row["note"], ox.Literal)), language),
        footnotes={iri: record},
        names=labels(reader, shown, language),
    )
