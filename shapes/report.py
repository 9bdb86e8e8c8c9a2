"""What validation found: results in a fixed order, as data, as RDF, and as a table for a terminal."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.term import IdentifiedNode, Node
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from ontology.namespaces import PREFIXES, SHAPE, shorten
from shapes.paths import path_text

_IRI: Final = re.compile(r"<([^<>\s]*)>")


@dataclass(frozen=True)
class Result:
    """One validation result (SHACL 3.6.2).

    `focus` is the thing that breaks the rule, `shape` the rule, `message` says in words what to do. `path` is the
    property that the rule looks at: its IRI, or a SPARQL 1.1 property path if it looks at several; None if the rule is
    on the thing itself. `value` is the offending value; None if one is missing. `severity` is ``sh:Violation``,
    ``sh:Warning`` or ``sh:Info``.
    """

    focus: Node
    path: str | None
    value: Node | None
    message: str
    severity: URIRef
    shape: IdentifiedNode

    @property
    def order(self) -> tuple[str, ...]:
        """What results are sorted by: focus, shape, path, value, message."""
        value = "" if self.value is None else self.value.n3()
        return (self.focus.n3(), str(self.shape), self.path or "", value, self.message)


@dataclass(frozen=True)
class Report:
    """A validation report (SHACL 3.6.1): whether the graph conforms, and if not, every result in a fixed order.

    `graph` is the report as RDF. The same data gives the same report, blank node labels included.
    """

    conforms: bool
    results: tuple[Result, ...]
    graph: Graph

    @classmethod
    def from_graph(cls, *, conforms: bool, graph: Graph) -> Self:
        """A report read from a SHACL validator's results graph. Results that say the same are one."""
        found: dict[Result, Node] = {}
        for node in sorted(graph.objects(None, SH.result), key=lambda node: _component(graph, node)):
            found.setdefault(_read(graph, node), node)
        results = sorted(found, key=lambda result: result.order)
        ordered = _relabelled(graph, conforms, [found[result] for result in results])
        return cls(conforms=conforms, results=tuple(results), graph=ordered)

    def to_turtle(self) -> str:
        """The SHACL report in Turtle."""
        return self.graph.serialize(format="turtle")


def in_words(report: Report) -> str:
    """What is wrong, one sentence a line, for a message in plain text."""
    return "\n".join(f"{_short(str(r.focus))}: {r.message}" for r in report.results)


def as_json(report: Report) -> dict[str, Any]:
    """The report for programs: IRIs in full, literals as in N-Triples, ``path`` and ``value`` empty where none is."""
    results = [
        {
            "focus": str(r.focus),
            "path": r.path or "",
            "value": "" if r.value is None else str(r.value) if isinstance(r.value, URIRef) else r.value.n3(),
            "message": r.message,
            "severity": str(r.severity).removeprefix(str(SH)).lower(),
            "shape": str(r.shape),
        }
        for r in report.results
    ]
    return {"conforms": report.conforms, "results": results}


def render(report: Report) -> Group:
    """The report for a terminal: a summary, and a table with one row to a result."""
    if not report.results:
        return Group("The data conforms to all shapes.")
    count = len(report.results)
    table = Table(show_lines=True, expand=True)
    table.add_column("What", ratio=3, overflow="fold")
    table.add_column("Value", ratio=3, overflow="fold")
    table.add_column("What is wrong and what to do", ratio=6, overflow="fold")
    for result in report.results:
        where = "" if result.path is None else f"\n[dim]{escape(_short(result.path))}[/dim]"
        table.add_row(
            escape(_short(result.focus.n3())) + where,
            "" if result.value is None else escape(_short(result.value.n3())),
            f"{escape(result.message)}\n[dim]{escape(_short(str(result.shape)))}[/dim]",
        )
    things = len({result.focus for result in report.results})
    return Group(f"{count} result{'s' * (count != 1)} on {things} thing{'s' * (things != 1)}.", table)


def _component(graph: Graph, node: Node) -> str:
    return str(graph.value(node, SH.sourceConstraintComponent))


def _read(graph: Graph, node: Node) -> Result:
    def one(predicate: URIRef) -> Node | None:
        return graph.value(node, predicate)

    path, severity, shape = one(SH.resultPath), one(SH.resultSeverity), one(SH.sourceShape)
    messages = sorted(str(message) for message in graph.objects(node, SH.resultMessage))
    return Result(
        focus=one(SH.focusNode) or node,
        path=None if path is None else path_text(graph, path),
        value=one(SH.value),
        message=" ".join(messages),
        severity=severity if isinstance(severity, URIRef) else SH.Violation,
        shape=shape if isinstance(shape, IdentifiedNode) else SHAPE.unknown,
    )


def _relabelled(graph: Graph, conforms: bool, nodes: Iterable[Node]) -> Graph:
    """The report graph with its blank nodes named by place, since pySHACL names them at random."""
    ordered = Graph()
    for prefix, namespace in {**PREFIXES, "sh": str(SH), "shape": str(SHAPE)}.items():
        ordered.bind(prefix, namespace)
    head = BNode("report")
    ordered.add((head, RDF.type, SH.ValidationReport))
    ordered.add((head, SH.conforms, Literal(conforms)))
    for number, node in enumerate(nodes, start=1):
        ordered.add((head, SH.result, _copy(graph, ordered, node, f"result{number:06d}")))
    return ordered


def _copy(graph: Graph, target: Graph, node: Node, name: str) -> BNode:
    # Results, and the paths below them, are trees: each blank node has one parent. What sh:detail nests is left out,
    # the message says it in words.
    copy = BNode(name)
    for number, (predicate, value) in enumerate(sorted(graph.predicate_objects(node))):
        if predicate == SH.detail:
            continue
        structural = isinstance(value, BNode) and predicate not in (SH.focusNode, SH.value)
        target.add((copy, predicate, _copy(graph, target, value, f"{name}x{number}") if structural else value))
    return copy


def _short(text: str) -> str:
    """An IRI by the project's prefixes, or a text (a literal, a path) with the IRIs in it shortened so."""
    if "<" in text:
        return _IRI.sub(lambda match: _short(match[1]), text)
    return text.replace(str(SHAPE), "shape:") if text.startswith(str(SHAPE)) else shorten(text)
