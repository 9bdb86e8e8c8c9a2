"""Small graphs for tests: claims of two articles, a year apart."""

import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.store.reader import Reader
from ontology.namespaces import PREFIXES

PREFIX = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())

ARTICLES = """
src:old a kel:Article ; kel:earliest "2030-01-10"^^xsd:date ; kel:latest "2030-01-12"^^xsd:date .
src:new a kel:Article ; kel:earliest "2031-01-10"^^xsd:date ; kel:latest "2031-01-12"^^xsd:date .
src:old-p1-s1 kel:article src:old ; kel:paragraph 1 . src:new-p1-s1 kel:article src:new ; kel:paragraph 1 .
"""


def claimed(name: str, modality: str, facts: str, speaker: str = "id:paper") -> str:
    """A claim, in TriG, whose article is the part of its name before the first hyphen: old or new."""
    article = name.partition("-")[0]
    record = f"a kel:Claim ; kel:passage src:{article}-p1-s1 ; kel:speaker {speaker} ; kel:modality code:{modality}"
    return f"claim:{name} {{ {facts} }}\nclaim:{name} {record} .\n"


def made(*claims: str) -> Reader:
    """Reads the articles and the claims (or other TriG)."""
    return Reader(Engine(ox.parse(PREFIX + ARTICLES + "\n".join(claims), format=ox.RdfFormat.TRIG)))


def day(name: str) -> str:
    """A day as an RDF term."""
    return f'"{name}"^^xsd:date'
