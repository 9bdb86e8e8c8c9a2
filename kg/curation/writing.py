"""Writes curated files: a claim or a thing is added, replaced or removed, and all else stays as it is, byte for byte.

`ClaimsFile` is a file of claims, `ThingsFile` one of entities, articles or omissions. Both keep their comments, order
and layout (`kg.curation.document`); what is new is written as `kg.curation.layout` says. Files of passages are written
as a whole by `kg.curation.passages.render`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import pyoxigraph as ox

from kg.curation.curated import Claim, parse, read_claims
from kg.curation.document import Document, Place
from kg.curation.layout import render_claim, render_graph, render_record, render_things
from kg.curation.passages import Passage
from ontology import KelisimError
from ontology.namespaces import CLAIM, PREFIXES

_NAME: Final = re.compile(r"(?P<article>\w+)-p(?P<paragraph>\d+)-(?P<number>\d+)")
_COMMENT: Final = re.compile(
    r"^# (?:Paragraph (?P<heading>\d+)|Withdrawn: (?P<withdrawn>[\w-]+))[ \t]*\r?$", re.MULTILINE
)
_KINDS: Final = tuple(
    PREFIXES[prefix] + name
    for prefix, name in (
        ("rdf", "type"),
        ("kel", "article"),
        ("skos", "inScheme"),
        ("org", "classification"),
        ("org", "postIn"),
        ("org", "role"),
        ("kel", "inState"),
        ("kel", "locatedIn"),
    )
)
"""What things have in common that stand side by side in a file."""


class ClaimName(NamedTuple):
    """What the name of a claim tells; they sort in reading order."""

    article: str
    paragraph: int
    number: int

    @classmethod
    def parse(cls, name: str) -> "ClaimName":
        """Parses a local name such as ``izv24-p32-4``; raises KelisimError if it is none."""
        match = _NAME.fullmatch(name)
        if not match:
            raise KelisimError(f"{name} is not the name of a claim: name it ARTICLE-pPARAGRAPH-NUMBER.")
        return cls(match["article"], int(match["paragraph"]), int(match["number"]))

    def __str__(self) -> str:
        return f"{self.article}-p{self.paragraph}-{self.number}"


@dataclass(frozen=True)
class ClaimsFile(Document):
    """A file of claims, such as ``claims/izv24.trig``. Claims are named by their local names."""

    @classmethod
    def new(cls, article: str, title: str) -> "ClaimsFile":
        """A file of an article's short name that holds no claim yet; `title` says whose words it holds, and when."""
        how = "one graph to a claim, in reading order. How to read and write this: ../README.md."
        used = ("kel", "id", "code", "claim", "src", "dcterms", "edtf", "foaf", "org", "rdfs", "unit", "xsd")
        return cls(f"claims/{article}.trig", f"# What {title}, says: {how}\n").with_prefixes(used)

    @cached_property
    def claims(self) -> dict[str, Claim]:
        """Its claims by name, in the order in which they stand."""
        return {claim.name: claim for claim in read_claims(self.text, self.name)[0]}

    def number(self, passage: Passage) -> ClaimName:
        """The name that a new claim from a passage gets where it follows those of the passages up to its own."""
        last = 0
        for name in self._named:
            passages = self.claims[str(name)].values("passage")
            at = Passage.parse(passages[0]) if passages else passage
            if (at.paragraph, name.paragraph) == (passage.paragraph, passage.paragraph) and at <= passage:
                last = max(last, name.number)
        while f"{passage.article}-p{passage.paragraph}-{last + 1}" in self._withdrawn:
            last += 1
        return ClaimName(passage.article, passage.paragraph, last + 1)

    def add(self, *claims: Claim) -> "ClaimsFile":
        """The file with more claims, each at its place by paragraph and number, below the heading of its paragraph.

        Raises KelisimError if it has a claim of that name, or one of that name was withdrawn.
        """
        names = self.names()
        written: dict[ClaimName, str] = {}
        for claim in claims:
            if claim.name in self.claims:
                place = self.claims[claim.name].place
                raise KelisimError(f"{place}: stands here already. Replace it, or name the new one otherwise.")
            name = ClaimName.parse(claim.name)
            if name in written:
                raise KelisimError(f"{self.name}: {claim.name} is to be added twice. Name one of them otherwise.")
            if claim.name in self._withdrawn:
                raise KelisimError(f"{self.name}: {claim.name} was withdrawn, and its name is not given again.")
            written[name] = render_claim(claim, names)
        return self.with_prefixes(names.used)._insert(written)

    def insert(self, claim: Claim) -> "ClaimsFile":
        """Like `add`, where the claims of its paragraph from its number on have their numbers raised by one.

        For claims that are not published yet: a published one keeps its name.
        """
        return self.rename(self.raised(claim.name)).add(claim)

    def raised(self, name_of_new: str) -> dict[str, str]:
        """The names that `insert` gives to the claims from a number on, by their old ones."""
        name = ClaimName.parse(name_of_new)
        renamed: dict[str, str] = {}
        while str(name) in self.claims:
            old = name
            name = name._replace(number=name.number + 1)
            while str(name) in self._withdrawn:
                name = name._replace(number=name.number + 1)
            renamed[str(old)] = str(name)
        return renamed

    def replace(self, claim: Claim) -> "ClaimsFile":
        """The file with other facts or another record for a claim; what does not differ stays as it is written.

        Raises KelisimError if it has no claim of that name.
        """
        old, names = self._found(claim.name), self.names()
        graph, records = self._places(claim.iri)
        changes: dict[Place, str] = {}
        if {*_record(old)} != {*_record(claim)}:
            changes = dict.fromkeys(records, "") | {place: render_record(claim, names) for place in records[:1]}
        if {*old.facts} != {*claim.facts} or not records:
            changes[graph] = render_graph(claim, names) if records else render_claim(claim, names)
        document = self
        for place in sorted(changes, key=lambda p: -p.start):  # the last first, so that the others' places stay
            document = document.rewrite(place, changes[place]) if changes[place] else document.cut([place])
        return document.with_prefixes(names.used)

    def remove(self, name: str, *, withdrawn: bool = False) -> "ClaimsFile":
        """The file without a claim; a comment keeps its number from being given again if it is withdrawn.

        Raises KelisimError if it has no claim of that name.
        """
        self._found(name)
        graph, records = self._places(str(CLAIM) + name)
        if not withdrawn:
            return self.cut([graph, *records])
        document = self
        for place in sorted((graph, *records), key=lambda p: -p.start):
            document = document.rewrite(place, f"# Withdrawn: {name}") if place == graph else document.cut([place])
        return document

    def rename(self, names: Mapping[str, str]) -> "ClaimsFile":
        """The file with other names for some claims, wherever it names them."""
        prefixes = {prefix for prefix, iri in self.prefixes.items() if iri == str(CLAIM)}
        forms = {f"<{CLAIM}{old}>": f"<{CLAIM}{new}>" for old, new in names.items()}
        forms |= {f"{prefix}:{old}": f"{prefix}:{new}" for prefix in prefixes for old, new in names.items()}
        parts, at = [], 0
        for token in self._tokens:
            if token.text in forms and token.kind in {"iri", "name"}:
                parts += [self.text[at : token.start], forms[token.text]]
                at = token.end
        return replace(self, text="".join((*parts, self.text[at:])))

    def ordered(self) -> "ClaimsFile":
        """The file with each claim at its place; claims that stand out of order move, with their text as it is."""
        document, last = self, self._named[:1]
        for name in self._named:
            if name < last[0]:
                places = document.of(f"{CLAIM}{name}")
                text = "\n".join(document.text[p.start : p.end] for p in places)
                document = document.cut(places, with_comments=True)._insert({name: text})
            else:
                last = [name]
        return document

    @cached_property
    def _named(self) -> list[ClaimName]:
        """The names of its claims, in the order in which they stand; without what is not named as a claim."""
        return [ClaimName.parse(name) for name in self.claims if _NAME.fullmatch(name)]

    @cached_property
    def _withdrawn(self) -> frozenset[str]:
        return frozenset(m["withdrawn"] for m in self._notes if m["withdrawn"])

    @cached_property
    def _notes(self) -> list[re.Match[str]]:
        """The comments that open a paragraph or tell of a withdrawn claim."""
        starts = {token.start for token in self._tokens if token.kind == "comment"}
        return [m for m in _COMMENT.finditer(self.text) if m.start() in starts]

    def _found(self, name: str) -> Claim:
        if name not in self.claims:
            raise KelisimError(f"{self.name}: has no claim {name}.")
        return self.claims[name]

    def _places(self, iri: str) -> tuple[Place, list[Place]]:
        """The place of a claim's graph, and those of its record."""
        places = self.of(iri)
        graph = next(place for place in places if self.text[place.end - 1] == "}")
        return graph, [place for place in places if place != graph]

    def _insert(self, written: Mapping[ClaimName, str]) -> "ClaimsFile":
        """The file with the texts of claims, each after the last claim, heading or withdrawal that it follows."""
        anchors = [(int(m["heading"]), 0, m.end()) for m in self._notes if m["heading"]]
        parsed = [
            (ClaimName.parse(m["withdrawn"]), m.end()) for m in self._notes if _NAME.fullmatch(m["withdrawn"] or "")
        ]
        parsed += [(name, self.line_end(self.of(f"{CLAIM}{name}")[-1].end)) for name in self._named]
        anchors += [(name.paragraph, name.number, end) for name, end in parsed]
        headed = {paragraph for paragraph, *_ in anchors}
        after: dict[int, list[str]] = {}
        for name in sorted(written):
            before = [end for paragraph, number, end in anchors if (paragraph, number) <= (name.paragraph, name.number)]
            heading = [] if name.paragraph in headed else [f"# Paragraph {name.paragraph}"]
            headed.add(name.paragraph)
            after.setdefault(max(before, default=self.head), []).extend((*heading, written[name]))
        document = self
        for position, texts in sorted(after.items(), reverse=True):
            document = document.put(position, "\n\n".join(texts))
        return document


def _record(claim: Claim) -> Iterable[ox.Triple]:
    return (triple for triples in claim.record.values() for triple in triples)


@dataclass(frozen=True)
class ThingsFile(Document):
    """A Turtle file of things, such as ``entities/people.ttl``, ``sources.ttl`` or ``omissions.ttl``."""

    @cached_property
    def things(self) -> dict[str, list[ox.Triple]]:
        """Its statements by the IRIs of their subjects, in order."""
        found: dict[str, list[ox.Triple]] = {}
        for quad in parse(self.text, self.name):
            found.setdefault(str(getattr(quad.subject, "value", "")), []).append(quad.triple)
        return found

    def add(self, iri: str, triples: Iterable[ox.Triple]) -> "ThingsFile":
        """The file with one more thing, beside those of its class, kind, state and article.

        It stands by its name where these are sorted by their names, else after the last of them, else at the end.
        Raises KelisimError if the file tells of it already.
        """
        if iri in self.things:
            raise KelisimError(f"{self.name}: tells of {iri} already. Replace that, or name the new one otherwise.")
        given, names = [*triples], self.names()
        text = render_things(given, names)
        document = self.with_prefixes(names.used)
        beside = self._beside(given)
        if beside and [*beside] == sorted(beside, key=_natural):
            earlier = [other for other in beside if _natural(other) < _natural(iri)]
            if not earlier:
                first = document.of(beside[0])[0].start
                before, after = document.text[:first], document.text[first:]
                return replace(document, text=before + text + self._apart(beside) + after)
            beside = earlier
        ends = [document.line_end(document.of(other)[-1].end) for other in beside[-1:]]
        return document.put(max(ends, default=len(document.text.rstrip())), text, self._apart(beside))

    def replace(self, iri: str, triples: Iterable[ox.Triple]) -> "ThingsFile":
        """The file with other statements on a thing; raises KelisimError if it tells nothing of it."""
        if iri not in self.things:
            raise KelisimError(f"{self.name}: tells nothing of {iri}.")
        given, names = [*triples], self.names()
        if {*given} == {*self.things[iri]}:
            return self
        first, *others = self.of(iri)
        return self.cut(others).rewrite(first, render_things(given, names)).with_prefixes(names.used)

    def remove(self, iri: str) -> "ThingsFile":
        """The file without what it tells of a thing; raises KelisimError if it tells nothing of it."""
        if iri not in self.things:
            raise KelisimError(f"{self.name}: tells nothing of {iri}.")
        return self.cut(self.of(iri))

    def _beside(self, triples: Iterable[ox.Triple]) -> list[str]:
        """The things that have most in common with a new one."""
        kind = _kind(triples)
        shared = {iri: len(kind & _kind(told)) for iri, told in self.things.items()}
        most = max(shared.values(), default=0)
        return [iri for iri, count in shared.items() if count == most] if most else []

    def _apart(self, beside: list[str]) -> str:
        """A blank line, unless things of this kind stand line by line."""
        spans = [(self.of(a)[-1].end, self.of(b)[0].start) for a, b in pairwise(beside)]
        return "\n" if spans and all(self.text[a:b] == "\n" for a, b in spans) else "\n\n"


def _kind(triples: Iterable[ox.Triple]) -> set[tuple[str, str]]:
    return {(t.predicate.value, str(t.object)) for t in triples if t.predicate.value in _KINDS}


def _natural(name: str) -> list[str | int]:
    """The name with its numbers as numbers, so that p10 follows p9."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
