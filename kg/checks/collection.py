"""All curated files together, as checks see them: claims and things with the lines of their statements."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources.abc import Traversable
from typing import Final

from kg.checks.findings import Finding, Severity
from kg.checks.reading import CuratedFile, Statement, read
from kg.checks.terms import terms
from kg.curation.curated import SHIPPED_FILES, curated_files, curated_folders
from kg.curation.passages import Passage
from kg.curation.sources import ArticleText
from kg.rdf.files import read_text
from ontology import KelisimError
from ontology.namespaces import CLAIM, CODE, ID, KEL, PREFIXES, RDF_TYPE, SRC

LABEL: Final = PREFIXES["rdfs"] + "label"
ALT_LABEL: Final = PREFIXES["skos"] + "altLabel"
LANGUAGES: Final = ("en", "ru", "kk")
_NAME: Final = re.compile(r"(?P<article>[a-z0-9]+)-p(?P<paragraph>\d+)-(?P<number>\d+)")


def local(iri: str) -> str:
    """The part of an IRI after its last slash or hash."""
    return re.split(r"[/#]", iri)[-1]


@dataclass(frozen=True)
class CuratedClaim:
    """A claim as it stands in its file: the statements of its graph and of its record; `line` is where it opens."""

    name: str
    file: str
    line: int
    facts: tuple[Statement, ...]
    record: tuple[Statement, ...]

    @cached_property
    def numbered(self) -> tuple[str, int, int]:
        """Article, paragraph and number, as the name tells them; empty and 0 where it is no claim's name."""
        match = _NAME.fullmatch(self.name)
        return (match["article"], int(match["paragraph"]), int(match["number"])) if match else ("", 0, 0)

    def of_record(self, name: str) -> list[Statement]:
        """The record's statements with ``kel:<name>``."""
        return [s for s in self.record if s.predicate == str(KEL[name])]

    def code(self, name: str) -> str:
        """The local name of the one value of ``kel:<name>`` in the record, or empty."""
        found = self.of_record(name)
        return local(found[0].value) if len(found) == 1 else ""

    def told(self, name: str, subject: str | None = None) -> list[Statement]:
        """The facts with ``kel:<name>``, of one subject if given."""
        iri = str(KEL[name])
        return [s for s in self.facts if s.predicate == iri and (subject is None or s.subject == subject)]

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The things of which it tells facts, in order."""
        return tuple(dict.fromkeys(s.subject for s in self.facts))

    @cached_property
    def passage(self) -> Passage | None:
        """Its passage, if it names one."""
        found = self.of_record("passage")
        try:
            return Passage.parse(found[0].value) if found else None
        except KelisimError:
            return None

    def line_of(self, name: str) -> int:
        """The line of ``kel:<name>`` in the record, else that on which the claim opens."""
        return next((s.line for s in self.of_record(name)), self.record[0].subject_line if self.record else self.line)

    def error(self, line: int, rule: str, wrong: str, mend: str) -> Finding:
        """A finding against the rules, at a line of this claim."""
        return Finding(self.file, line, self.name, rule, Severity.ERROR, wrong, mend)

    def warning(self, line: int, rule: str, wrong: str, mend: str) -> Finding:
        """A finding to look at again, at a line of this claim."""
        return Finding(self.file, line, self.name, rule, Severity.WARNING, wrong, mend)

    def gloss(self, language: str) -> str:
        """The gloss in a language, or empty."""
        return next((s.value for s in self.of_record("gloss") if s.language == language), "")


@dataclass(frozen=True)
class Collection:
    """The curated files. `texts` are the articles by short name; what is not there cannot be checked against."""

    files: tuple[CuratedFile, ...]
    texts: Mapping[str, ArticleText] = field(default_factory=dict)

    @cached_property
    def claims(self) -> tuple[CuratedClaim, ...]:
        """All claims, file by file, in the order in which they open."""
        found = []
        for file in self.files:
            facts: dict[str, list[Statement]] = {iri: [] for iri in file.graphs}
            records: dict[str, list[Statement]] = defaultdict(list)
            for statement in file.statements:
                if statement.graph:
                    facts[statement.graph].append(statement)
                elif statement.subject.startswith(str(CLAIM)):
                    records[statement.subject].append(statement)
            found += [
                CuratedClaim(local(iri), file.name, line, tuple(facts[iri]), tuple(records[iri]))
                for iri, line in file.graphs.items()
            ]
        return tuple(found)

    @cached_property
    def own_claims(self) -> tuple[CuratedClaim, ...]:
        """The claims of the folder itself, without those of the shipped graph that a package builds on."""
        return tuple(c for c in self.claims if not c.file.startswith(SHIPPED_FILES))

    @cached_property
    def reference(self) -> tuple[Statement, ...]:
        """The statements that belong to no claim."""
        return tuple(
            s for file in self.files for s in file.statements if not s.graph and not s.subject.startswith(str(CLAIM))
        )

    @cached_property
    def described(self) -> dict[str, list[Statement]]:
        """The reference data by subject."""
        found: dict[str, list[Statement]] = defaultdict(list)
        for statement in self.reference:
            found[statement.subject].append(statement)
        return found

    @cached_property
    def types(self) -> dict[str, frozenset[str]]:
        """The classes of each thing, with those above them, as local names; from reference data and claims."""
        parents = terms().parents
        found: dict[str, set[str]] = defaultdict(set)
        statements = [*self.reference, *(s for c in self.claims for s in c.facts)]
        for s in statements:
            if s.predicate == RDF_TYPE:
                found[s.subject] |= {local(p) for p in (s.value, *parents.get(s.value, ()))}
        return {iri: frozenset(classes) for iri, classes in found.items()}

    @cached_property
    def names(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """The labels and other spellings of each thing of the reference data, by language (empty: without one)."""
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for s in self.reference:
            if s.predicate in {LABEL, ALT_LABEL}:
                found[s.subject][s.language].append(s.value)
        return {iri: {lang: tuple(v) for lang, v in names.items()} for iri, names in found.items()}

    @cached_property
    def facts_of(self) -> dict[str, list[tuple[CuratedClaim, Statement]]]:
        """All facts of each thing with the claims that tell them."""
        found: dict[str, list[tuple[CuratedClaim, Statement]]] = defaultdict(list)
        for claim in self.claims:
            for statement in claim.facts:
                found[statement.subject].append((claim, statement))
        return found

    @cached_property
    def publishers(self) -> dict[str, str]:
        """The publisher of each article by its short name."""
        publisher = PREFIXES["dcterms"] + "publisher"
        return {
            s.subject.removeprefix(str(SRC)): s.value
            for s in self.reference
            if s.predicate == publisher and "Article" in self.types.get(s.subject, ())
        }

    def text(self, claim: CuratedClaim) -> str:
        """The text of the claim's passage; empty where there is no such passage, or no text."""
        passage = claim.passage
        article = self.texts.get(passage.article) if passage else None
        if passage is None or article is None:
            return ""
        try:
            span = article.passage(passage.paragraph, passage.first, passage.last)
        except KelisimError:
            return ""
        return article.text[span.start : span.end]

    def before(self, claim: CuratedClaim) -> str:
        """The sentences of the paragraph before the claim's passage; empty where there are none, or no text."""
        passage = claim.passage
        if passage is None or not self.text(claim):
            return ""
        article = self.texts[passage.article]
        paragraph = article.paragraph(passage.paragraph)
        return article.text[paragraph.start : article.passage(passage.paragraph, passage.first, passage.last).start]

    def spoken_of(self, claims: Iterable[CuratedClaim]) -> set[str]:
        """The things of ours that claims name, as subject, object or speaker."""
        return {
            iri
            for claim in claims
            for s in (*claim.facts, *claim.record)
            for iri in (s.subject, s.value)
            if iri.startswith((str(ID), str(CODE)))
        }


@lru_cache(maxsize=128)
def _read(text: str, name: str) -> CuratedFile:
    return read(text, name)


def curated_texts(data: Traversable | None = None) -> dict[str, str]:
    """The texts of the curated files of a folder, of the package by default, by their paths below it.

    Where a package builds on the shipped graph, those of the shipped files are there too, before its own.
    """
    texts: dict[str, str] = {}
    for place, folder in curated_folders(data):
        found, trig, _ = curated_files(folder)
        files = (*found, *((f"claims/{name}", file) for name, file in trig))
        texts |= {place + name: read_text(file) for name, file in files}
    return texts


def collect(texts: Mapping[str, str], articles: Mapping[str, ArticleText] | None = None) -> Collection:
    """The collection of curated files, given as texts by path."""
    return Collection(tuple(_read(text, name) for name, text in texts.items()), articles or {})
