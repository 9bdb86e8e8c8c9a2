"""An update rewritten so that what it would delete and insert is written aside, into graphs of its own: its shadows.

``DELETE { T1 } INSERT { GRAPH ?g { T2 } } WHERE { P }`` becomes ``INSERT { GRAPH <d0> { T1 } GRAPH ?i1 { T2 } } WHERE
{ { P } BIND(... AS ?i1) }``, where ``?i1`` is a name made from that of the graph. So the engine evaluates the pattern,
once, makes the blank nodes and leaves out what is no triple (SPARQL 1.1 Update, section 3.1.3), and the cost is that of
the change. An index graph tells which shadow belongs to which graph.
"""

import re
from dataclasses import dataclass
from uuid import uuid4

import pyoxigraph as ox

from kg.changes.operations import GROUP, IRI, Operation
from kg.engine.engine import Engine
from kg.engine.guard import is_blank, tokens


@dataclass(frozen=True)
class Effect:
    """What an operation would delete, and insert after that, whether it is there or not."""

    deletes: set[ox.Quad]
    inserts: set[ox.Quad]


def effect(engine: Engine, operation: Operation) -> Effect | None:
    """What a DELETE/INSERT or DELETE WHERE would do to the engine's store, which stays as it is.

    None where that cannot be told: its templates hold what SPARQL 1.1 has not, or a graph's name is a blank node.
    Raises OperationError as the operation itself would.
    """
    space = f"x-kelisim-{uuid4().hex}:"
    update = _rewritten(operation, space)
    if update is None:
        return None
    engine.update(update)
    index = list(engine.quads(ox.NamedNode(f"{space}index")))
    found: dict[str, set[ox.Quad]] = {"d": set(), "i": set()}
    for shadow, graph in ((e.subject, e.object) for e in index):
        if isinstance(shadow, ox.NamedNode) and isinstance(graph, ox.NamedNode):
            name = ox.DefaultGraph() if graph.value == f"{space}default" else graph
            quads = (ox.Quad(q.subject, q.predicate, q.object, name) for q in engine.quads(shadow))
            found[shadow.value[len(space)]].update(quads)
            engine.remove_graph(shadow)
    engine.remove_graph(ox.NamedNode(f"{space}index"))
    if any(isinstance(e.object, ox.BlankNode) for e in index):
        return None
    return Effect(found["d"], found["i"])


def _rewritten(operation: Operation, space: str) -> str | None:
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
    if operation.shape == "DELETE WHERE {}":  # a pattern of quads, where an empty GRAPH asks for nothing
        groups["DELETE"] = where
        where = " ".join(f"GRAPH {g} {{ {t} }}" if g else f"{{ {t} }}" for g, t in _blocks(where) or ())
    template, bindings = "", ""
    for kind, clause in (("d", "DELETE"), ("i", "INSERT")):
        blocks = _blocks(groups.get(clause, GROUP))
        if blocks is None:
            return None
        for number, (graph, triples) in enumerate(blocks):
            shadow = f"<{space}{kind}{number}>"
            if graph.startswith(("?", "$")):
                shadow = f"?{kind}{number}_{space[10:-1]}"
                # Literals name no graph; ENCODE_FOR_URI keeps apart what is different, and makes any IRI a part of one.
                name = f"IRI(CONCAT('{space}{kind}{number}-', ENCODE_FOR_URI(STR({graph}))))"
                bindings += f"BIND(IF(isIRI({graph}), {name}, 1/0) AS {shadow}) "
                template += f"GRAPH <{space}index> {{ <{space}{kind}> <{space}of> {graph} }} "
            target = graph or scope or f"<{space}default>"
            template += f"GRAPH {shadow} {{ {triples} }} GRAPH <{space}index> {{ {shadow} <{space}of> {target} }} "
    head = f"WITH {scope} " if scope else ""
    return f"{operation.prologue}{head}INSERT {{ {template}}} {using}WHERE {{ {where} {bindings}}}"


def _blocks(group: str) -> list[tuple[str, str]] | None:
    """The parts of a template (rules 50 and 51) that are not empty: graph, or nothing for the default one, and triples.

    None where braces do not belong to GRAPH, as in the annotations of SPARQL 1.2.
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
        elif depth or is_blank(token):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
        else:
            if found and not last and token[0] == ".":  # one may stand after a GRAPH
                start = token.end()
            last = [*last[-1:], token]
    return [(g, t) for g, t in (*found, ("", text[start:])) if not all(map(is_blank, tokens(t)))]
