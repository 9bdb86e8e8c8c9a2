"""The example questions in RDF, for query editors.

Uses the vocabulary of SHACL's SPARQL executables (SHACL Advanced Features, section 5) and the conventions of the Swiss
Institute of Bioinformatics: https://github.com/sib-swiss/sparql-examples.
"""

from collections.abc import Iterable
from typing import Final

import pyoxigraph as ox

from kg.engine.guard import tokens
from kg.publishing.questions import Question
from ontology import BASE
from ontology.namespaces import PREFIXES, RDF_TYPE

QUESTIONS: Final = BASE + "question"
"""The collection of the questions."""

QUESTION: Final = QUESTIONS + "/"
"""The namespace of the IRIs of questions; the question's name follows."""

SH: Final = "http://www.w3.org/ns/shacl#"
SCHEMA: Final = "https://schema.org/"
_SPEX: Final = "https://purl.expasy.org/sparql-examples/ontology#"

_COLLECTION: Final = "http://purl.org/dc/dcmitype/Collection"
_LANGUAGE: Final = "en"
_EXECUTABLES: Final = {
    "SELECT": (SH + "SPARQLSelectExecutable", SH + "select"),
    "ASK": (SH + "SPARQLAskExecutable", SH + "ask"),
    "CONSTRUCT": (SH + "SPARQLConstructExecutable", SH + "construct"),
    "DESCRIBE": (_SPEX + "SPARQLDescribeExecutable", _SPEX + "describe"),  # SHACL has no term for it
}


def query_form(query: str) -> str:
    """SELECT, ASK, CONSTRUCT or DESCRIBE (SPARQL 1.1 Query, section 16); empty for an update or a text with none."""
    return next((word for token in tokens(query) if (word := (token["word"] or "").upper()) in _EXECUTABLES), "")


def examples(questions: Iterable[Question], endpoint: str) -> set[ox.Triple]:
    """The description of the questions; `endpoint` is the URL of the endpoint that answers them."""
    collection = ox.NamedNode(QUESTIONS)
    label = ox.Literal("Example questions", language=_LANGUAGE)
    found = {
        ox.Triple(collection, ox.NamedNode(RDF_TYPE), ox.NamedNode(_COLLECTION)),
        ox.Triple(collection, ox.NamedNode(PREFIXES["rdfs"] + "label"), label),
    }
    for question in questions:
        kind, text_property = _EXECUTABLES[query_form(question.query)]
        subject = ox.NamedNode(QUESTION + question.name)
        title = ox.Literal(question.title, language=_LANGUAGE)
        properties: list[tuple[str, ox.NamedNode | ox.Literal]] = [
            (RDF_TYPE, ox.NamedNode(SH + "SPARQLExecutable")),
            (RDF_TYPE, ox.NamedNode(kind)),
            (PREFIXES["rdfs"] + "label", title),
            (PREFIXES["rdfs"] + "comment", title),  # editors show the comment as the question
            (PREFIXES["dcterms"] + "description", ox.Literal(question.description, language=_LANGUAGE)),
            (PREFIXES["dcterms"] + "isPartOf", collection),
            (text_property, ox.Literal(question.bare)),
            (SCHEMA + "target", ox.NamedNode(endpoint)),
            *((PREFIXES["rdfs"] + "label", ox.Literal(t, language=code)) for code, t in question.titles.items()),
            *(
                (PREFIXES["dcterms"] + "description", ox.Literal(t, language=code))
                for code, t in question.descriptions.items()
            ),
            *((SCHEMA + "keywords", ox.Literal(tag)) for tag in question.tags),
        ]
        found |= {ox.Triple(subject, ox.NamedNode(predicate), term) for predicate, term in properties}
    return found
