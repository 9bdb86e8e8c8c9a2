"""Validation reports: sorted results, as values, as RDF, and as a table for the terminal."""

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

    focus: the focus node. shape: the source shape. message: what is wrong and what to do. path: the result path, an IRI
    or a SPARQL 1.1 property path; None if the constraint is on the node itself. value: the value node; None if a value
    is missing. severity: ``sh:Violation``, ``sh:Warning`` or ``sh:Info``.
    """

    focus: Node
    path: str | None
    value: Node | None
    message: str
    severity: URIRef
    shape: IdentifiedNode

    @property
    def order(self) -> tuple[str, ...]:
        """The sort key: focus, shape, path, value, message."""
        value = "" if self.value is None else self.value.n3()
        return (self.focus.n3(), str(self.shape), self.path or "", value, self.message)


@dataclass(frozen=True)
class Report:
    """A validation report (SHACL 3.6.1): whether the graph conforms, and all results, sorted.

    `graph` is the report as RDF. It is deterministic, including the labels of blank nodes.
    """

    conforms: bool
    results: tuple[Result, ...]
    graph: Graph

    @classmethod
    def from_graph(cls, *, conforms: bool, graph: Graph) -> Self:
        """Reads the report from the results graph of a SHACL validator, without duplicate results."""
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
    """The results as plain text, one per line."""
    return "\n".join(f"{_short(str(r.focus))}: {r.message}" for r in report.results)


def as_json(report: Report) -> dict[str, Any]:
    """The report as JSON values: full IRIs, literals as in N-Triples; a missing ``path`` or ``value`` is empty."""
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
    """The report for the terminal: a summary, and a table with one row for each result."""
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
    """The report graph with blank nodes labelled by position, since pySHACL labels them randomly."""
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
    # Results and their paths are trees: each blank node has one parent. The results nested by sh:detail are omitted,
    # since the message contains them.
    copy = BNode(name)
    for number, (predicate, value) in enumerate(sorted(graph.predicate_objects(node))):
        if predicate == SH.detail:
            continue
        structural = isinstance(value, BNode) and predicate not in (SH.focusNode, SH.value)
        target.add((copy, predicate, _copy(graph, target, value, f"{name}x{number}") if structural else value))
    return copy


def _short(text: str) -> str:
    """An IRI with one of the project's prefixes, or a text (a literal, a path) with its IRIs shortened."""
    if "<" in text:
        return _IRI.sub(lambda match: _short(match[1]), text)
    return text.replace(str(SHAPE), "shape:") if text.startswith(str(SHAPE)) else shorten(text)
