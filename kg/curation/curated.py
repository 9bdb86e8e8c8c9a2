"""Reads the curated files: claims in TriG, everything else in Turtle."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable

import pyoxigraph as ox

from kg.curation.marks import refuse_marks
from kg.rdf.files import read_text, walk_files
from kg.rdf.loading import format_by_ending
from ontology import BASE, KelisimError
from ontology.namespaces import CLAIM, KEL

_TURTLE_FOLDERS = ("entities", "passages")
_OTHER_FOLDERS = ("claims", "questions", "tables")
_GRAPH_START = re.compile(r"^\s*(?:GRAPH\s+)?(?:claim:|<" + re.escape(str(CLAIM)) + r")([\w.-]+)>?\s*\{", re.MULTILINE)
_FULL_CLAIM = re.compile(re.escape(str(CLAIM)) + r"[\w-]+(?:\.[\w-]+)*")


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
    """The content of all curated files: the claims, and the reference data (all triples that belong to no claim).

    `left_out` are the paths of files in the folder that were not read, such as backups of an editor.
    """

    claims: tuple[Claim, ...]
    reference: tuple[ox.Triple, ...]
    left_out: tuple[str, ...] = ()


def packaged_data() -> Traversable:
    """The folder of curated files in the package."""
    return resources.files("kg").joinpath("data")


def read_curation(data: Traversable | None = None, *, drafts: bool = False) -> Curation:
    """Reads the curated files of a folder, of the package by default: claims, entities and passages in subfolders too.

    Raises KelisimError if there is no file of claims, if a file cannot be read, or, with file and line, on a syntax
    error, a blank node or a duplicate claim, or on an open mark of a draft unless `drafts` are read too.
    """
    data = data or packaged_data()
    reference: list[ox.Triple] = []
    claims: list[Claim] = []
    turtle, files, left_out = curated_files(data)
    if not drafts:
        named = (*turtle, *((f"claims/{name}", file) for name, file in files))
        refuse_marks((name, read_text(file)) for name, file in named)
    for name, file in turtle:
        reference += (q.triple for q in parse(read_text(file), name))
    for name, file in files:
        found, rest = read_claims(read_text(file), name)
        claims += found
        reference += rest
    return Curation(tuple(distinct(claims)), tuple(reference), tuple(left_out))


Files = list[tuple[str, Traversable]]
"""Files with their paths below a folder."""


def curated_files(data: Traversable) -> tuple[Files, Files, list[str]]:
    """The curated files of a folder: Turtle, with paths below it, TriG, with paths below ``claims``; what is left out.

    Raises KelisimError if there is no file of claims.
    """
    files, left_out = walk_files(data.joinpath("claims"), ".trig")
    left_out = [f"claims/{name}" for name in left_out]
    left_out += [f"questions/{name}" for name in walk_files(data.joinpath("questions"), ".rq")[1]]
    if not files:
        raise KelisimError(
            f"No claims in {data}: give the folder that holds claims/NAME.trig, which may be empty to begin with."
        )
    turtle, others = _turtle_files(data)
    return turtle, files, sorted(left_out + others)


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


def read_claims(text: str, file: str, syntax: ox.RdfFormat = ox.RdfFormat.TRIG) -> tuple[list[Claim], list[ox.Triple]]:
    """The claims of a TriG document (or one in another format that has graphs) in the order of their graphs.

    Beside them its default graph without the claims' records.
    """
    facts: dict[str, list[ox.Triple]] = {}
    outside: dict[str, list[ox.Triple]] = defaultdict(list)
    for quad in parse(text, file, syntax):
        if isinstance(quad.graph_name, ox.DefaultGraph):
            outside[text_of(quad.subject)].append(quad.triple)
        else:
            facts.setdefault(text_of(quad.graph_name), []).append(quad.triple)
    lines = _graph_lines(text, file) if syntax == ox.RdfFormat.TRIG else _first_lines(text)
    claims = []
    for iri, triples in facts.items():
        record: dict[str, list[ox.Triple]] = defaultdict(list)
        for triple in outside.pop(iri, []):
            record[triple.predicate.value].append(triple)
        claims.append(Claim(iri, file, lines.get(iri, 1), tuple(triples), dict(record)))
    for iri in outside:
        if iri.startswith(str(CLAIM)):
            line, name = line_of(text, iri), iri.removeprefix(str(CLAIM))
            raise KelisimError(f"{file}:{line}: claim {name} has a record but no graph of facts.")
    return claims, [t for triples in outside.values() for t in triples]


def parse(text: str, file: str, syntax: ox.RdfFormat = ox.RdfFormat.TURTLE) -> Iterator[ox.Quad]:
    """The quads of a document.

    Raises KelisimError, with file, line and claim, on a syntax error, a blank node, or a triple term (RDF 1.2).
    """
    try:
        for quad in ox.parse(input=text, format=syntax, base_iri=BASE):
            if isinstance(quad.object, ox.Triple):
                raise KelisimError(
                    f"{_place(text, file, quad)}a triple as the value of {quad.predicate.value}: "
                    "say it in a claim of its own."
                )
            if any(isinstance(t, ox.BlankNode) for t in (quad.subject, quad.object, quad.graph_name)):
                raise KelisimError(
                    f"{_place(text, file, quad)}a blank node with {quad.predicate.value}: "
                    "give it a name, blank nodes are not allowed."
                )
            yield quad
    except SyntaxError as error:
        line = error.lineno or 1
        before = "".join(text.splitlines(keepends=True)[:line])
        claims = [match[1] for match in _GRAPH_START.finditer(before)] if syntax == ox.RdfFormat.TRIG else []
        claim = f" In or after claim {claims[-1]}." if claims else ""
        raise KelisimError(f"{file}:{line}:{error.offset or 1}: {error.msg}{'.' * bool(claim)}{claim}") from error


def _first_lines(text: str) -> dict[str, int]:
    """The first line of each claim in a document that writes IRIs in full."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for match in _FULL_CLAIM.finditer(line):
            lines.setdefault(match[0], number)
    return lines


def line_of(text: str, iri: str) -> int:
    """The first line that has the IRI, in full or by a prefix; 1 if none has."""
    local = re.split(r"[/#]", iri)[-1]
    match = re.search(rf"(?:{re.escape(iri)}|:{re.escape(local)})(?![\w-]|\.\w)", text)
    return text.count("\n", 0, match.start()) + 1 if match else 1


def _place(text: str, file: str, quad: ox.Quad) -> str:
    """File, line and claim of a quad, the line as nearly as the text tells it."""
    named = [t.value for t in (quad.graph_name, quad.subject) if isinstance(t, ox.NamedNode)]
    claim = next((iri for iri in named if iri.startswith(str(CLAIM))), "")
    start = line_of(text, claim or (named[0] if named else quad.predicate.value))
    rest = "".join(text.splitlines(keepends=True)[start - 1 :])
    line = start + line_of(rest, quad.predicate.value) - 1
    return f"{file}:{line}: " + (f"claim {claim.removeprefix(str(CLAIM))}: " if claim else "")


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


def _turtle_files(data: Traversable) -> tuple[list[tuple[str, Traversable]], list[str]]:
    """The Turtle files of the folder itself and of its folders, and the RDF files that are not read."""
    found, others = walk_files(data, ".ttl")
    of_folders = {folder: walk_files(data.joinpath(folder), ".ttl") for folder in _TURTLE_FOLDERS}
    own = [(name, file) for name, file in found if "/" not in name]
    below = [(f"{folder}/{name}", file) for folder, (files, _) in of_folders.items() for name, file in files]
    left_out = [f"{folder}/{name}" for folder, (_, names) in of_folders.items() for name in names]
    known = (*_TURTLE_FOLDERS, *_OTHER_FOLDERS)
    elsewhere = [name for name in (*others, *(n for n, _ in found if "/" in n)) if name.partition("/")[0] not in known]
    return own + below, left_out + [name for name in elsewhere if _is_rdf(name)]


def _is_rdf(name: str) -> bool:
    """Whether the file's name, or that of which it is a backup, tells an RDF format."""
    return bool(format_by_ending(name.rstrip("~")) or format_by_ending(name.removesuffix(".bak")))
