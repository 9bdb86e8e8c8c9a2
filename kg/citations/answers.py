"""The answer with citations as SPARQL 1.1 Query Results JSON, with a member ``citations`` that other clients pass over.

``citations.claims`` are the records of all claims cited, ``citations.certainties`` the labels of their modalities.
``citations.rows`` holds for each row of the result, in order: ``claims`` (places in that list), ``sets`` (the minimal
sets of claims, any one of which is enough; an empty one means that reference data suffice), ``complete`` (whether all
of these are there), ``certainty`` (the modality of the weakest link), ``sources`` (how many tell it independently), and
where it applies ``absent``, ``uncited``, ``members`` and ``of``. A graph comes as ``triples``, each with its row of
citations, where ``stated`` are the claims that hold the triple.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, Final

import msgspec
import pyoxigraph as ox

from kg.citations.annotations import Sources
from kg.citations.certainty import ClaimRecord, Records, independent_sources, rank, weakest
from kg.citations.cited import Asked, Citation, Cited, Citing, Row
from kg.citations.evaluation import cite
from kg.citations.support import Term
from kg.engine.engine import Engine
from kg.rdf.term_json import term_json
from ontology import KelisimError
from ontology.namespaces import MODALITIES

_JSON_NAMES: Final = {
    f.name: "".join(w.title() if n else w for n, w in enumerate(f.name.split("_"))) for f in fields(ClaimRecord)
}
_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"


class CertaintyError(KelisimError):
    """A certainty or a number of sources that is none."""


def checked_certainty(name: str) -> str:
    """The code of a modality; raises CertaintyError for another word."""
    if name and name not in MODALITIES:
        raise CertaintyError(f"{name!r} is no certainty. From the surest on there are {', '.join(MODALITIES)}.")
    return name


def cited_answer(engine: Engine, asked: Asked) -> bytes:
    """The answer of a query with citations, as JSON.

    Only rows are kept that are as sure and as well supported as asked; LIMIT and OFFSET count what is kept. Raises what
    `cite` raises, and CertaintyError.
    """
    checked_certainty(asked.citing.certainty)
    cited = cite(engine, asked)
    records: Records = engine.remembered.get(("records", asked.citing.language)) or Records(
        engine.store, cited.supports, asked.citing.language
    )
    engine.remembered["records", asked.citing.language] = records
    rows = zip(cited.rows, cited.citations, strict=True)
    if not asked.citing.chooses:
        return msgspec.json.encode(_document(cited, [*rows], records))
    kept = [(row, citation) for row, citation in rows if _suffices(citation, records, asked.citing)]
    end = None if cited.limit is None else cited.offset + cited.limit
    return msgspec.json.encode(_document(cited, kept[cited.offset : end], records))


def _suffices(citation: Citation, records: Records, citing: Citing) -> bool:
    if citation.annotation.is_zero:
        return False
    sure = not citing.certainty or rank(weakest(citation, records)) <= rank(citing.certainty)
    return sure and (not citing.sources or independent_sources(citation, records) >= citing.sources)


def _document(cited: Cited, kept: list[tuple[Row, Citation]], records: Records) -> dict[str, Any]:
    claims = _Numbers()
    rows = [_row_of(citation, records, claims) for _, citation in kept]
    certainties = {r["certainty"]: records.certainty_label(r["certainty"]) for r in rows if r["certainty"]}
    told_claims = [_told(records, claim) for claim in claims]
    citations = {"claims": told_claims, "rows": rows, "certainties": certainties}
    names = [c[1:] for c in cited.columns]
    if cited.form == "ASK":
        return {"head": {}, "boolean": bool(kept), "citations": citations}
    if cited.form != "SELECT":
        triples = [[term_json(t) for t in row if t is not None] for row, _ in kept]
        for (row, citation), told in zip(kept, rows, strict=True):
            stated = [claims[c] for c in sorted(citation.annotation.every) if cited.supports.states(c, row)]
            told.update({"stated": stated} if stated else {})
        return {"triples": triples, "citations": citations}
    bindings = [{n: term_json(t) for n, t in zip(names, row, strict=True) if t is not None} for row, _ in kept]
    return {"head": {"vars": names}, "results": {"bindings": bindings}, "citations": citations}


def _in_reading_order(claim: str) -> list[str | int]:
    """A sort key by which ``p6-1`` comes before ``p11-1``."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", claim)]


class _Numbers(dict[str, int]):
    """The place of each claim in the list of all."""

    def __init__(self) -> None:
        super().__init__()
        self._order = lru_cache(maxsize=None)(_in_reading_order)

    def __missing__(self, claim: str) -> int:
        self[claim] = len(self)
        return self[claim]

    def of(self, claims: Sources) -> list[int]:
        """The places of several claims, in the order of their names."""
        if len(claims) < 2:
            return [self[c] for c in claims]
        return [self[c] for c in sorted(claims, key=self._order)]


def _row_of(citation: Citation, records: Records, claims: _Numbers) -> dict[str, Any]:
    annotation = citation.annotation
    row: dict[str, Any] = {
        "claims": claims.of(annotation.every),
        "sets": [claims.of(s) for s in annotation.sets],
        "complete": annotation.complete and not citation.uncited,
        "certainty": weakest(citation, records),
        "sources": independent_sources(citation, records),
    }
    if citation.missing:
        row["absent"] = [{"kind": m.kind, "pattern": m.pattern} for m in citation.missing]
    if citation.uncited:
        row["uncited"] = list(citation.uncited)
    if citation.members is not None:
        row["of"] = citation.of
        row["members"] = [
            {"values": _values(m.values), "claims": claims.of(m.annotation.every), "sets": len(m.annotation.sets)}
            for m in citation.members
        ]
    return row


def _told(records: Records, claim: str) -> dict[str, Any]:
    """The record of a claim without what it lacks."""
    return {_JSON_NAMES[name]: value for name, value in vars(records[claim]).items() if value}


def _values(values: Mapping[str, Term]) -> dict[str, Any]:
    return {name[1:]: term_json(term) for name, term in values.items()}


def term_of(told: Mapping[str, str]) -> Term:
    """The term from its JSON."""
    if told["type"] == "uri":
        return ox.NamedNode(told["value"])
    if told["type"] == "bnode":
        return ox.BlankNode(told["value"])
    if "xml:lang" in told:
        return ox.Literal(told["value"], language=told["xml:lang"])
    return ox.Literal(told["value"], datatype=ox.NamedNode(told.get("datatype", _STRING)))
