"""Prints answers on the terminal."""

import json
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kg.dataset import Dataset
from kg.engine import Engine, with_prefixes
from kg.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat, ResultFormat
from kg.remote import RemoteEndpoint
from ontology import PREFIXES

_FORMATS: dict[str, ResultFormat | GraphFormat] = {f.name: f for f in (*RESULT_FORMATS, *GRAPH_FORMATS)}


def print_answer(query: str, form: str, endpoint: str | None, dataset: Callable[[], Dataset]) -> None:
    """Asks the endpoint, or without one the dataset, and prints the answer; `form` is a format's name or ``table``.

    A graph asked for as a table is printed as Turtle.
    """
    query = with_prefixes(query)
    wanted = _FORMATS.get(form)
    if endpoint:
        body, used = RemoteEndpoint(endpoint).query(query, wanted)
    else:
        answer = Engine(dataset().quads).query(query)
        used = wanted or answer.formats[0]
        body = answer.serialize(used)
    if wanted is None and used.name == "json":
        _print_table(json.loads(body))
    else:
        sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")


def _print_table(results: dict[str, Any]) -> None:
    """Prints SPARQL 1.1 Query Results JSON as a table with short names, and how many rows it has."""
    if "boolean" in results:
        Console().print("yes" if results["boolean"] else "no")
        return
    names = results["head"]["vars"]
    table = Table(*names)
    rows = results["results"]["bindings"]
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    Console().print(table)
    Console().print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")


def _cell(term: dict[str, str] | None) -> Text:
    if term is None:
        return Text("")
    if term["type"] == "uri":
        for prefix, namespace in PREFIXES.items():
            if term["value"].startswith(namespace):
                return Text(f"{prefix}:{term['value'].removeprefix(namespace)}", style="cyan")
        return Text(f"<{term['value']}>", style="cyan")
    return Text(term["value"])
