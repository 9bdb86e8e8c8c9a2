"""Triples that stand in other graphs: hedged, outside the dataset, in a named graph, or not in one and the same."""

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox

from kg.explanations.case import Candidate, Case, told
from kg.explanations.pattern import Leaf, rendered
from kg.language.messages import gettext_noop
from kg.store.reader import Row
from ontology.namespaces import EVERYTHING, KEL

LENS: Final = f"FROM <{EVERYTHING}>"


def of_the_query(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """Other datasets for the whole query."""
    if case.prober.reading.dataset:
        template = gettext_noop("It is outside the graphs that FROM names; without FROM it is found.")
        yield Candidate("dataset", 11, template, {}, leaf, {}, dataset="")
        template = gettext_noop("It is outside the graphs that FROM names; FROM %(lens)s finds it.")
    else:
        template = gettext_noop(
            "This is told, but not surely, and a plain pattern leaves it out. FROM %(lens)s finds it."
        )
    yield Candidate("hedged", 12, template, {"lens": f"<{EVERYTHING}>"}, leaf, {}, dataset=LENS)
    plain = [each for each in case.leaves if each.terms and not each.graphs]
    template = gettext_noop(
        "What is asked for stands in named graphs, which a plain pattern does not see: GRAPH finds it."
    )
    changes = {each: f"GRAPH {_graph_name(case, each)} {{ {each.text} }}" for each in plain}
    if len(plain) > 1:
        yield Candidate("named graph", 15, template, {}, leaf, changes)


def candidates(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """Other graphs for one element."""
    if leaf.terms is None:
        return
    if not leaf.graphs:
        name = _graph_name(case, leaf)
        template = gettext_noop("A plain pattern does not see it: it stands in named graphs, such as %(graph)s.")
        text = f"GRAPH {name} {{ {leaf.text} }}"
        rows = case.explore(leaf, text, name, 1)
        if rows:
            values = {"graph": told(rows[0][name[1:]])}
            yield Candidate("named graph", 16, template, values, leaf, {leaf: text})
        return
    graph = leaf.graphs[0]
    name, values = _graph_name(case, leaf), {"graph": graph.graph}
    if graph.variables:
        template = gettext_noop("It does not stand in the same graph %(graph)s as the rest, but in another one.")
        yield Candidate(
            "different graphs", 14, template, values, leaf, {leaf: ""}, added=f"GRAPH {name} {{ {leaf.text} }}"
        )
    else:
        template = gettext_noop("The graph %(graph)s does not hold this; another graph does.")
        yield Candidate("other graph", 15, template, values, leaf, {leaf: ""}, added=f"GRAPH {name} {{ {leaf.text} }}")
    template = gettext_noop(
        "It does not stand in the graph %(graph)s; outside GRAPH, in the default graph, it is found."
    )
    yield Candidate("default graph", 15, template, values, leaf, {leaf: ""}, added=f"{leaf.text} .")


def _graph_name(case: Case, leaf: Leaf) -> str:
    number = [*case.leaves].index(leaf) if leaf in case.leaves else 0
    return case.free_variable(f"graph_{number}" if number else "graph")


def claims(case: Case, language: str) -> list[dict[str, str]]:
    """The claims, with speaker, modality and gloss, in which alone the facts stand that the lens adds."""
    reading = case.prober.reading
    whole, part = (rendered(reading.focus, own, opened=True) for own in (frozenset(case.leaves), case.part))
    rows = case.prober.rows("*", whole, 3, LENS) or case.prober.rows("*", part, 3, LENS) or []
    found = dict[str, dict[str, str]]()
    for row in rows:
        for each in (leaf for leaf in case.leaves if leaf.kind == "triple" and not leaf.graphs):
            assert each.terms
            ground = [_ground(term, row) for term in each.terms]
            if None in ground:
                continue
            triple = " ".join(map(str, ground))
            pattern = (
                f"GRAPH ?_claim {{ {triple} }} FILTER NOT EXISTS {{ {triple} }} "
                f"?_claim <{KEL}modality> ?_modality ; <{KEL}speaker> ?_speaker . "
                f"OPTIONAL {{ ?_claim <{KEL}gloss> ?_gloss FILTER(LANG(?_gloss) = {ox.Literal(language)}) }}"
            )
            for claim in case.prober.rows("DISTINCT ?_claim ?_modality ?_speaker ?_gloss", pattern, 3, "") or []:
                found[claim["_claim"].value] = {name.strip("_"): term.value for name, term in claim.items()}
    return [*found.values()][:3]


def _ground(term: str, row: Row) -> str | None:
    if term[:1] not in "?$":
        return term
    value = row.get(term[1:])
    return str(value) if isinstance(value, ox.NamedNode | ox.Literal) else None
