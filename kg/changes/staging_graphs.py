"""Computes the effect of a DELETE/INSERT by rewriting it to write its deletes and inserts into staging graphs.

``DELETE { T1 } INSERT { GRAPH ?g { T2 } } WHERE { P }`` becomes ``INSERT { GRAPH <d0> { T1 } GRAPH ?i1 { T2 } } WHERE
{ { P } BIND(... AS ?i1) }``, where ``?i1`` is an IRI derived from that of the graph. So pyoxigraph evaluates the
pattern once, makes the blank nodes and drops invalid triples (SPARQL 1.1 Update, section 3.1.3), in time proportional
to the change. An index graph maps each staging graph to its target graph.
"""

import re
from dataclasses import dataclass
from uuid import uuid4

import pyoxigraph as ox

from kg.changes.operations import GROUP, IRI, Operation
from kg.engine.engine import Engine
from kg.engine.guard import is_ignored, tokens


@dataclass(frozen=True)
class Effect:
    """The quads that an operation deletes and then inserts, whether or not they exist."""

    deletes: set[ox.Quad]
    inserts: set[ox.Quad]


def effect(engine: Engine, operation: Operation) -> Effect | None:
    """The effect of a DELETE/INSERT or DELETE WHERE on the engine's store, which is left unchanged.

    None if it cannot be computed: the templates are not SPARQL 1.1, or a graph name is a blank node.
    Raises OperationError as the operation itself would.
    """
    namespace = f"x-kelisim-{uuid4().hex}:"
    update = _rewritten(operation, namespace)
    if update is None:
        return None
    lasting = engine.lasting
    engine.update(update)
    engine.lasting = lasting  # only staging graphs were changed
    index = list(engine.quads(ox.NamedNode(f"{namespace}index")))
    found: dict[str, set[ox.Quad]] = {"d": set(), "i": set()}
    for staging_graph, graph in ((e.subject, e.object) for e in index):
        if isinstance(staging_graph, ox.NamedNode) and isinstance(graph, ox.NamedNode):
            name = ox.DefaultGraph() if graph.value == f"{namespace}default" else graph
            quads = (ox.Quad(q.subject, q.predicate, q.object, name) for q in engine.quads(staging_graph))
            found[staging_graph.value[len(namespace)]].update(quads)
            engine.remove_graph(staging_graph)
    engine.remove_graph(ox.NamedNode(f"{namespace}index"))
    if any(isinstance(e.object, ox.BlankNode) for e in index):
        return None
    return Effect(found["d"], found["i"])


def _rewritten(operation: Operation, namespace: str) -> str | None:
    groups, scope, using, word = {}, "", "", ""
    for symbol, text in zip(operation.shape.split(), operation.parts, strict=True):
        if symbol == GROUP:
            groups[word] = text
        elif symbol != IRI:
            word = symbol
        elif word == "WITH":
            scope = text
        else:
            using += f"USING {'NAMED ' if word == 'NAMED' else ''}{text} "
    where = groups["WHERE"]
    if operation.shape == "DELETE WHERE {}":  # a quad pattern, in which an empty GRAPH matches without a condition
        groups["DELETE"] = where
        where = " ".join(f"GRAPH {g} {{ {t} }}" if g else f"{{ {t} }}" for g, t in _blocks(where) or ())
    template, bindings = "", ""
    for kind, clause in (("d", "DELETE"), ("i", "INSERT")):
        blocks = _blocks(groups.get(clause, GROUP))
        if blocks is None:
            return None
        for number, (graph, triples) in enumerate(blocks):
            staging_graph = f"<{namespace}{kind}{number}>"
            if graph.startswith(("?", "$")):
                staging_graph = f"?{kind}{number}_{namespace[10:-1]}"
                # A literal is no graph name; ENCODE_FOR_URI maps each IRI to a distinct IRI suffix.
                name = f"IRI(CONCAT('{namespace}{kind}{number}-', ENCODE_FOR_URI(STR({graph}))))"
                bindings += f"BIND(IF(isIRI({graph}), {name}, 1/0) AS {staging_graph}) "
                template += f"GRAPH <{namespace}index> {{ <{namespace}{kind}> <{namespace}of> {graph} }} "
            target = graph or scope or f"<{namespace}default>"
            template += f"GRAPH {staging_graph} {{ {triples} }} "
            template += f"GRAPH <{namespace}index> {{ {staging_graph} <{namespace}of> {target} }} "
    head = f"WITH {scope} " if scope else ""
    return f"{operation.prologue}{head}INSERT {{ {template}}} {using}WHERE {{ {where} {bindings}}}"


def _blocks(group: str) -> list[tuple[str, str]] | None:
    """The non-empty blocks of a template (rules 50 and 51): graph, empty for the default graph, and triples.

    None if braces do not belong to GRAPH, as in the annotations of SPARQL 1.2.
    """
    text = group[1:-1]
    found: list[tuple[str, str]] = []
    graph, start, depth = "", 0, 0
    last: list[re.Match[str]] = []
    for token in tokens(text):
        if depth == 0 and token[0] == "{":
            if len(last) < 2 or last[0][0].upper() != "GRAPH":
                return None
            found.append(("", text[start : last[0].start()]))
            graph, start, depth = last[1][0], token.end(), 1
        elif depth == 1 and token[0] == "}":
            found.append((graph, text[start : token.start()]))
            graph, start, depth, last = "", token.end(), 0, []
        elif depth or is_ignored(token):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
        else:
            if found and not last and token[0] == ".":  # optional after a GRAPH
                start = token.end()
            last = [*last[-1:], token]
    return [(g, t) for g, t in (*found, ("", text[start:])) if not all(map(is_ignored, tokens(t)))]
