"""Prints query results on the terminal."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from kg.engine.engine import Engine, with_prefixes
from kg.engine.guard import dataset_graphs, with_from
from kg.engine.replies import Lacking
from kg.lenses.names import parse
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, by_name
from ontology import KelisimError
from ontology.namespaces import EVERYTHING, shorten

if TYPE_CHECKING:
    from rich.text import Text

    from kg.curation.coverage import ParagraphCoverage

_HINTED_SECONDS: Final = 0.5
"""After a longer query the rows told with less certainty are not counted, which takes as much again."""


def print_answer(query: str, form: str, endpoint: str | None, opened: Callable[[], Engine]) -> None:
    """Queries the endpoint, or without one the engine, and prints the result; `form` is a format's name or ``table``.

    With ``table``, a graph is printed as Turtle. What the answer lacks is told on standard error.
    """
    query = with_prefixes(query)
    wanted = None if form == "table" else by_name(form, (*RESULT_FORMATS, *GRAPH_FORMATS))
    if endpoint is not None:
        from kg.engine.remote import RemoteEndpoint  # it speaks HTTP, which others need not load

        remote = RemoteEndpoint(endpoint)
        body, used = remote.query(query, wanted)
        lacking = remote.lacking
    else:
        engine, began = opened(), time.monotonic()
        answer = engine.query(query)
        used = wanted or answer.formats[0]
        body = answer.serialize(used)
        quick = time.monotonic() - began < _HINTED_SECONDS
        unknown = engine.hints.unknown_names(query)
        lacking = Lacking(engine.hints.hedged_rows(query) if quick else 0, unknown)
    if wanted is None and used.name == "json":
        print_table(json.loads(body))
    else:
        sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
    _print_lacking(lacking)


def through(lens: str, query: str) -> str:
    """The query with FROM and a lens, given by its path or its IRI.

    Raises LensError if it names none, and KelisimError if the query names graphs of its own.
    """
    found = parse(lens)
    if any(dataset_graphs(with_prefixes(query))):
        raise KelisimError("The query names its graphs by FROM, so that it cannot look through --lens too.")
    return with_from(query, found.iri)


def _print_lacking(lacking: Lacking) -> None:
    """Prints how many rows are only told with less certainty, and which names are not in the data."""
    if lacking.hedged:
        told = "1 more row is" if lacking.hedged == 1 else f"{lacking.hedged} more rows are"
        advice = f"FROM <{EVERYTHING}> before WHERE adds them."
        print(f"{told} only told as expected, possible or denied. {advice}", file=sys.stderr)
    for name, similar in lacking.unknown.items():
        others = f" Similar: {', '.join(map(_printable, similar))}." if similar else ""
        print(f"{_printable(name)} does not occur in the data.{others}", file=sys.stderr)


def _printable(iri: str) -> str:
    """The IRI, shortened, without characters that a terminal would obey."""
    return "".join(character for character in shorten(iri) if character.isprintable())


def print_coverage(rows: Iterable["ParagraphCoverage"]) -> None:
    """Prints the coverage of the paragraphs, invalid ones in red."""
    from rich.console import Console  # which only tables need
    from rich.table import Table
    from rich.text import Text

    table = Table("article", "paragraph", "claims", "sentences touched", "omitted because")
    for r in rows:
        touched, style = f"{r.touched} of {r.sentences}", None if r.valid else "bold red"
        table.add_row(Text(r.article), str(r.paragraph), str(r.claims), touched, Text(r.omission), style=style)
    Console().print(table)


def print_table(results: dict[str, Any]) -> None:
    """Prints SPARQL 1.1 Query Results JSON as a table with shortened IRIs and the number of rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if "boolean" in results:
        Console().print("yes" if results["boolean"] else "no")
        return
    names = results["head"]["vars"]
    table = Table()
    for name in names:
        table.add_column(Text(name))
    rows = results["results"]["bindings"]
    for row in rows:
        table.add_row(*(cell(row.get(name)) for name in names))
    Console().print(table)
    Console().print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")


def cell(term: dict[str, Any] | None) -> "Text":
    """A term of a result as a cell of a table."""
    from rich.text import Text

    if term is None:
        return Text("")
    if term["type"] == "uri":
        short = shorten(term["value"])
        return Text(short if short != term["value"] else f"<{short}>", style="cyan")
    if term["type"] == "triple":  # of SPARQL 1.2 Query Results JSON
        parts = (cell(term["value"][name]) for name in ("subject", "predicate", "object"))
        return Text(" ").join([Text("<<"), *parts, Text(">>")])
    return Text(term["value"])
