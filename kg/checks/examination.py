"""Runs all checks over the curated files of an article, or of all, and gathers what they find."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from kg.checks import (
    attribution,
    dates,
    direction,
    duplicates,
    entities,
    figures,
    languages,
    modality,
    numbering,
    passages,
    sentences,
    vocabulary,
    wording,
)
from kg.checks.collection import Collection, CuratedClaim
from kg.checks.consistency import contradictions
from kg.checks.findings import Finding, Severity
from kg.checks.shapes import broken, disjoint
from kg.curation.curated import SHIPPED_FILES, parse, read_claims
from kg.curation.sources import ArticleText, read_articles
from ontology import KelisimError
from ontology.namespaces import KEL, SRC

Rule = Callable[[Collection, Sequence[CuratedClaim]], Iterator[Finding]]
"""A check: what it finds about some claims of a collection."""

RULES: Final[tuple[Rule, ...]] = (
    vocabulary.unknown_terms, vocabulary.undeclared_things, disjoint,
    numbering.numbers, numbering.order, numbering.headings, numbering.names, numbering.records, numbering.marks,
    passages.recorded, passages.used, passages.printed, passages.covered,
    figures.values, figures.units, figures.bounds, figures.shares, figures.kinds, figures.gloss_figures,
    dates.real_days, dates.edtf_and_bounds, dates.stated, dates.months, dates.weekdays, dates.against_the_article,
    languages.marked, languages.alone, languages.three, languages.own_words,
    attribution.voices, attribution.named, attribution.quoted, attribution.said_by,
    modality.verbs, modality.marks,
    wording.gloss_names, sentences.sentences,
    direction.ways, direction.visits, direction.reporters,
    duplicates.entities, duplicates.facts,
    entities.complete, entities.spoken_of,
)  # fmt: skip
"""The checks that take no reasoner; each is quick."""

_PLACE: Final = re.compile(
    r"(?P<file>[^:\n]+):(?P<line>\d+)(?::\d+)?: (?:claim (?P<claim>[\w-]+):? )?(?P<wrong>.*)", re.DOTALL
)
_TEXTLESS: Final = "passages, printed figures, hedges, stated dates, quotations, sentences, own words and coverage"


@dataclass(frozen=True)
class Examination:
    """What was found, sorted by place; of which articles, in how many claims; and what was left unchecked, and why."""

    articles: tuple[str, ...]
    claims: int
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...]

    @property
    def errors(self) -> int:
        """The number of errors."""
        return sum(f.severity == Severity.ERROR for f in self.findings)

    @property
    def warnings(self) -> int:
        """The number of warnings."""
        return len(self.findings) - self.errors

    def as_json(self) -> dict[str, object]:
        """The examination as JSON values."""
        return {
            "articles": list(self.articles),
            "claims": self.claims,
            "errors": self.errors,
            "warnings": self.warnings,
            "unchecked": list(self.unchecked),
            "findings": [f.as_json() for f in self.findings],
        }


def malformed(texts: Mapping[str, str], collection: Collection) -> list[Finding]:
    """What keeps the files from being read at all: syntax, prefixes, blank nodes, claims that open twice."""
    found = [*vocabulary.undeclared_prefixes(collection)]
    told = {f.file for f in found}
    for name, text in texts.items():
        message = "" if name in told else _refusal(name, text)
        if message:
            match = _PLACE.match(message)
            assert match, message
            wrong = match["wrong"].strip()
            mend = "Nothing else is checked before it can be read."
            claim = match["claim"] or ""
            wrong = f"{wrong[0].upper()}{wrong[1:]}".rstrip(".") + "."
            found.append(Finding(match["file"], int(match["line"]), claim, "syntax", Severity.ERROR, wrong, mend))
    return found


@lru_cache(maxsize=128)
def _refusal(name: str, text: str) -> str:
    """The message with which the reader of curated files refuses one, or empty."""
    try:
        if name.endswith(".trig"):
            read_claims(text, name)
        else:
            for _ in parse(text, name):
                pass
    except KelisimError as error:
        return str(error)
    return ""


def find_articles(collection: Collection, folder: Path) -> tuple[dict[str, ArticleText], list[Finding]]:
    """The texts of the articles by short name, and the articles whose text is not in the folder.

    Raises KelisimError if the folder holds no texts.
    """
    by_digest = read_articles(folder)
    found, missing = {}, []
    for statement in collection.reference:
        name = statement.subject.removeprefix(str(SRC))
        if statement.file.startswith(SHIPPED_FILES):
            continue
        if statement.predicate == str(KEL.sha256) and "Article" in collection.types.get(statement.subject, ()):
            if statement.value in by_digest:
                found[name] = by_digest[statement.value]
            else:
                at = next((t.path for t in by_digest.values() if t.path.name == f"{name}.txt"), None)
                if at is not None:
                    wrong = f"{at} has another SHA-256 than is recorded of the article {name}: it was altered."
                    mend = "Put back the text that was curated, or correct kel:sha256 and the passages."
                    rule = "article-altered"
                    missing.append(Finding(statement.file, statement.line, "", rule, Severity.ERROR, wrong, mend))
                    continue
                files = ", ".join(sorted(t.path.name for t in by_digest.values()))
                wrong = f"No file has the SHA-256 recorded of the article {name}; looked at {files}."
                mend = "Give the folder with its text, or correct kel:sha256 (sha256sum prints it)."
                missing.append(Finding(statement.file, statement.line, "", "article", Severity.ERROR, wrong, mend))
    return found, missing


def examine(collection: Collection, name: str = "", *, reasoning: bool = True) -> Examination:
    """All checks over the claims of an article, or of all; with `reasoning` HermiT too.

    Raises KelisimError if there are no claims of that article.
    """
    claims = [c for c in collection.own_claims if not name or c.numbered[0] == name or c.file == f"claims/{name}.trig"]
    if not claims and name:
        names = ", ".join(sorted({c.numbered[0] for c in collection.own_claims}))
        raise KelisimError(
            f"There are no claims of {name!r}: write claims/{name}.trig. There are claims of {names or 'no article'}."
        )
    failed = "" if reasoning else "Consistency was not checked with a reasoner."
    with ThreadPoolExecutor(1) as pool:  # HermiT runs in a process of its own, beside the other checks
        clashes = pool.submit(lambda: [*contradictions(collection, claims)]) if reasoning else None
        findings = quick_findings(collection, claims)
        try:
            findings |= _beside(findings, clashes.result() if clashes else ())
        except KelisimError as error:
            failed = f"Consistency was not checked. {error}"
    open_marks = {(f.file, f.line) for f in findings if f.rule == "open-mark"}
    findings = {f for f in findings if f.rule == "open-mark" or (f.file, f.line) not in open_marks}
    articles = sorted({c.numbered[0] for c in claims} - {""})
    unchecked = [
        f"{a}: its text was not given (--articles), so {_TEXTLESS} are unchecked."
        for a in articles
        if a not in collection.texts
    ]
    unchecked += [failed] if failed else []
    return Examination(tuple(articles), len(claims), tuple(sorted(findings)), tuple(unchecked))


def quick_findings(collection: Collection, claims: Sequence[CuratedClaim]) -> set[Finding]:
    """What all checks but the reasoner find about some claims of a collection."""
    findings = {f for rule in RULES for f in rule(collection, claims)}
    return findings | _beside(findings, broken(collection, claims))


def _beside(known: set[Finding], found: Iterator[Finding] | Sequence[Finding]) -> set[Finding]:
    """Those of the findings on whose line nothing is known yet."""
    lines = {(f.file, f.line) for f in known}
    return {f for f in found if (f.file, f.line) not in lines}
