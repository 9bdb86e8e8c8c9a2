"""Reads the curated files: claims in TriG, everything else in Turtle."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable

import pyoxigraph as ox

from kg.rdf.files import list_files, read_text
from ontology import BASE, KelisimError
from ontology.namespaces import CLAIM, KEL

_TURTLE_FOLDERS = ("entities", "passages")
_GRAPH_START = re.compile(r"^\s*(?:GRAPH\s+)?(?:claim:|<" + re.escape(str(CLAIM)) + r")([\w.-]+)>?\s*\{", re.MULTILINE)


@dataclass(frozen=True)
class Claim:
    """One curated claim: its file and line, its facts, and its record.

    `record` maps the IRIs of the record's properties to their triples; a valid claim has one for each property.
    """

    iri: str
    file: str
    line: int
    facts: tuple[ox.Triple, ...]
    record: dict[str, list[ox.Triple]] = field(hash=False)

    def values(self, name: str) -> list[str]:
        """Values of the record's property ``kel:<name>``, as strings."""
        return [text_of(t.object) for t in self.record.get(str(KEL[name]), ())]

    def value(self, name: str) -> str:
        """The one value of ``kel:<name>``; raises KelisimError, with file, line and claim, if there is not just one."""
        values = self.values(name)
        if len(values) != 1:
            raise KelisimError(f"{self.place}: needs exactly one kel:{name}, has {len(values)}.")
        return values[0]

    @property
    def place(self) -> str:
        """File, line and name, for error messages."""
        return f"{self.file}:{self.line}: claim {self.name}"

    @property
    def name(self) -> str:
        """The local name, such as ``izv24-p32-1``."""
        return self.iri.removeprefix(str(CLAIM))


@dataclass(frozen=True)
class Curation:
    """The content of all curated files: the claims, and the reference data (all triples that belong to no claim)."""

    claims: tuple[Claim, ...]
    reference: tuple[ox.Triple, ...]


def packaged_data() -> Traversable:
    """The folder of curated files in the package."""
    return resources.files("kg").joinpath("data")


def read_curation(data: Traversable | None = None) -> Curation:
    """Reads the curated files of a folder, of the package by default.

    Raises KelisimError if there is no file of claims, if a file cannot be read, or, with file and line, on a syntax
    error, a blank node or a duplicate claim.
    """
    data = data or packaged_data()
    reference: list[ox.Triple] = []
    claims: list[Claim] = []
    files = list_files(data.joinpath("claims"), ".trig")
    if not files:
        raise KelisimError(
            f"No claims in {data}: give the folder that holds claims/NAME.trig, which may be empty to begin with."
        )
    for file in _turtle_files(data):
        reference += (q.triple for q in parse(read_text(file), file.name))
    for file in files:
        found, rest = read_claims(read_text(file), file.name)
        claims += found
        reference += rest
    return Curation(tuple(distinct(claims)), tuple(reference))


def distinct(claims: Iterable[Claim]) -> list[Claim]:
    """The claims as a list; raises KelisimError, with both locations, if two have the same IRI."""
    found: dict[str, Claim] = {}
    for claim in claims:
        first = found.setdefault(claim.iri, claim)
        if first is not claim:
            raise KelisimError(
                f"{claim.place}: stands in {first.file}:{first.line} too. Rename one of the two, or leave it out."
            )
    return [*found.values()]


def read_claims(text: str, file: str) -> tuple[list[Claim], list[ox.Triple]]:
    """The claims of a TriG document in the order of their graphs, and its default graph without the claims' records."""
    facts: dict[str, list[ox.Triple]] = {}
    outside: dict[str, list[ox.Triple]] = defaultdict(list)
    for quad in parse(text, file, ox.RdfFormat.TRIG):
        if isinstance(quad.graph_name, ox.DefaultGraph):
            outside[text_of(quad.subject)].append(quad.triple)
        else:
            facts.setdefault(text_of(quad.graph_name), []).append(quad.triple)
    lines = _graph_lines(text, file)
    claims = []
    for iri, triples in facts.items():
        record: dict[str, list[ox.Triple]] = defaultdict(list)
        for triple in outside.pop(iri, []):
            record[triple.predicate.value].append(triple)
        claims.append(Claim(iri, file, lines.get(iri, 0), tuple(triples), dict(record)))
    for iri in outside:
        if iri.startswith(str(CLAIM)):
            raise KelisimError(f"{file}: claim {iri.removeprefix(str(CLAIM))} has a record but no graph of facts.")
    return claims, [t for triples in outside.values() for t in triples]


def parse(text: str, file: str, syntax: ox.RdfFormat = ox.RdfFormat.TURTLE) -> Iterator[ox.Quad]:
    """The quads of a document.

    Raises KelisimError, with the file, on a syntax error (with the line), a blank node, or a triple term (RDF 1.2).
    """
    try:
        for quad in ox.parse(input=text, format=syntax, base_iri=BASE):
            if isinstance(quad.object, ox.Triple):
                raise KelisimError(
                    f"{file}: a triple as the value of {quad.predicate.value}: say it in a claim of its own."
                )
            if any(isinstance(t, ox.BlankNode) for t in (quad.subject, quad.object, quad.graph_name)):
                raise KelisimError(
                    f"{file}: a blank node with {quad.predicate.value}: give it a name, blank nodes are not allowed."
                )
            yield quad
    except SyntaxError as error:
        raise KelisimError(f"{file}:{error.lineno or 1}:{error.offset or 1}: {error.msg}") from error


def _graph_lines(text: str, file: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    for match in _GRAPH_START.finditer(text):
        iri, line = str(CLAIM) + match[1], text.count("\n", 0, match.start(1)) + 1
        if iri in lines:
            raise KelisimError(f"{file}:{line}: claim {match[1]} opens a second time; it opened in line {lines[iri]}.")
        lines[iri] = line
    return lines


def text_of(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    """The IRI or the lexical form of a term; curated data has only IRIs and literals."""
    assert isinstance(term, ox.NamedNode | ox.Literal)
    return term.value


def _turtle_files(data: Traversable) -> Iterator[Traversable]:
    yield from list_files(data, ".ttl")
    for folder in _TURTLE_FOLDERS:
        yield from list_files(data.joinpath(folder), ".ttl")
