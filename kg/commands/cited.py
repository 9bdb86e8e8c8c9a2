"""Prints an answer with the claims that its rows rest on."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import pyoxigraph as ox
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kg.citations.answers import cited_answer
from kg.citations.cited import Asked, Citing
from kg.commands.printing import cell, print_table
from kg.engine.engine import Engine, with_prefixes
from kg.engine.remote import RemoteEndpoint
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, by_name
from kg.views.citations import CitedAnswer
from ontology import PREFIXES, KelisimError

_DATASETS: Final = ("trig", "nquads", "jsonld")


def print_cited(query: str, form: str, endpoint: str | None, opened: Callable[[], Engine], citing: Citing) -> None:
    """Queries the endpoint, or without one the engine, and prints the result, with its citations if they are told.

    `form` is a format's name or ``table``.
    """
    query = with_prefixes(query)
    body = _from_endpoint(endpoint, query, citing) if endpoint else cited_answer(opened(), Asked(query, citing=citing))
    answer = CitedAnswer(body, str)
    if not citing.told and not answer.is_graph:
        plain = answer.plain().serialize(by_name(form if form != "table" else "json", RESULT_FORMATS))
        if form == "table":
            print_table(msgspec.json.decode(plain))
            return
        output = plain
    elif answer.is_graph:
        named = by_name(form if form != "table" else "trig", GRAPH_FORMATS)
        if named.name not in _DATASETS:
            raise KelisimError(f"A graph with its citations is a dataset: choose one of {', '.join(_DATASETS)}.")
        output = ox.serialize(dict.fromkeys(answer.dataset()), format=named.engine, prefixes=dict(PREFIXES)) or b""
    elif form == "table":
        _print_table(answer)
        return
    else:
        output = answer.json() if form == "json" else answer.result().serialize(by_name(form, RESULT_FORMATS))
    sys.stdout.buffer.write(output if output.endswith(b"\n") else output + b"\n")


def _from_endpoint(endpoint: str, query: str, citing: Citing) -> bytes:
    remote = RemoteEndpoint(endpoint, parameters=citing._replace(told=True).parameters)
    body = remote.results(query)
    if b'"citations"' not in body:
        raise KelisimError(f"{endpoint} tells no citations: it is not one of Kelisim's, or of an older version.")
    return body


def _without_claims(row: Mapping[str, Any]) -> str:
    """What a row rests on that rests on no claim."""
    if not row["sets"]:
        return "not found out"
    return "nothing told" if row.get("members") == [] else "reference data"


def _print_table(answer: CitedAnswer) -> None:
    console, document = Console(), answer.document
    if "boolean" in document:
        console.print("yes" if document["boolean"] else "no")
    else:
        names = document["head"]["vars"]
        table = Table()
        for name in (*names, "who says so"):
            table.add_column(Text(name))
        for binding, row in zip(document["results"]["bindings"], answer.rows, strict=True):
            numbers = " ".join(str(n + 1) for n in row["claims"])
            told = " ".join(filter(None, (answer.certainty(row), f"[{numbers}]" if numbers else _without_claims(row))))
            table.add_row(*(cell(binding.get(name)) for name in names), Text(told))
        console.print(table)
    for number, claim in enumerate(answer.claims, 1):
        console.print(Text(f"[{number}] {answer.claim_in_words(claim)}"))
    notes = dict.fromkeys(
        f"{a['kind']}: {a['pattern']}" for row in answer.rows for a in row.get("absent", ()) if a["kind"] != "optional"
    )
    for note in notes:
        console.print(Text(f"Nothing is told of {note}"))
