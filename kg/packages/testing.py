"""Runs the tests of a package: all checks, the shapes, the reasoner, and its questions against their answers."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from kg.checks.collection import Collection, collect, curated_texts
from kg.checks.examination import examine, find_articles, malformed
from kg.checks.findings import Finding, Severity
from kg.curation.consistency import Consistency
from kg.curation.consistency import check as reason
from kg.curation.curated import read_curation
from kg.curation.dataset import build
from kg.curation.manifest import read_manifest
from kg.curation.validation import validate_curation
from kg.engine.engine import Engine
from kg.packages.answers import Tested, check_answers
from kg.packages.identifiers import misnamed
from shapes import Report, in_words
from shapes.report import as_json


@dataclass(frozen=True)
class Outcome:
    """What the tests of a package found.

    claims: the number of its own claims. findings: of the checks, warnings too. report: of the shapes. consistency: of
    the reasoner, None if it was left out. These two are None where the files cannot be read, and there is no question
    then. unchecked: what was not looked at, and why.
    """

    claims: int
    findings: tuple[Finding, ...]
    report: Report | None = None
    consistency: Consistency | None = None
    questions: tuple[Tested, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are against the rules."""
        return tuple(f for f in self.findings if f.severity == Severity.ERROR)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; warnings may be right, and do not count."""
        return (
            not self.errors
            and (self.report is None or self.report.conforms)
            and (self.consistency is None or self.consistency.sound)
            and all(tested.passed for tested in self.questions)
        )

    def as_json(self) -> dict[str, object]:
        """The outcome as JSON values; ``shapes`` and ``reasoning`` are null where they were left out."""
        return {
            "passed": self.passed,
            "claims": self.claims,
            "findings": [f.as_json() for f in self.findings],
            "shapes": as_json(self.report) if self.report else None,
            "reasoning": self.consistency.as_json() if self.consistency else None,
            "questions": [tested.as_json() for tested in self.questions],
            "unchecked": list(self.unchecked),
        }


def run_tests(data: Path, articles: Path | None = None, *, reasoning: bool = True) -> Outcome:
    """Runs all tests of a folder of curated files; of a package that builds on the shipped graph, those of its own.

    articles: the folder of texts, of which some may be missing: what needs them is unchecked then. Raises KelisimError
    where files cannot be read, the manifest is malformed, or a claim stands in two files.
    """
    texts = curated_texts(data)
    collection = collect(texts)
    if found := malformed(texts, collection):
        return Outcome(0, tuple(sorted(found)), unchecked=("All but syntax: the files cannot be read.",))
    found_texts, missing = find_articles(collection, articles) if articles else ({}, [])
    collection = Collection(collection.files, found_texts)
    examination = examine(collection, reasoning=False)
    manifest = read_manifest(data)
    named = misnamed(collection, manifest) if manifest else ()
    curation = read_curation(data)
    with ThreadPoolExecutor(1) as pool:  # HermiT runs in a process of its own, beside the rest
        verdict = pool.submit(reason, curation) if reasoning else None
        report = validate_curation(curation)
        questions = check_answers(data, Engine(build(curation).quads))
        return Outcome(
            examination.claims,
            tuple(sorted({*examination.findings, *named, *map(_as_told, missing)})),
            report,
            verdict.result() if verdict else None,
            tuple(questions),
            _unchecked(examination.unchecked, reasoning=reasoning, given=articles is not None),
        )


def _as_told(missing: Finding) -> Finding:
    """What is told of a text that is not there, which is no error, other than one that was altered."""
    return missing if missing.rule == "article-altered" else replace(missing, severity=Severity.WARNING)


def _unchecked(told: Sequence[str], *, reasoning: bool, given: bool) -> tuple[str, ...]:
    """What an examination left out; the reasoner is left out of that only since it looks at all here.

    given: whether a folder of texts was given, in which those that are missing were looked for.
    """
    left = told[:-1] if reasoning else told
    return tuple(t.replace("was not given (--articles)", "is not among those given") if given else t for t in left)


def failures(outcome: Outcome) -> list[str]:
    """What is wrong besides the findings of the checks and the questions, a line for each."""
    lines = []
    if outcome.report and not outcome.report.conforms:
        lines += [f"shapes: {line}" for line in in_words(outcome.report).splitlines()]
    if outcome.consistency and not outcome.consistency.sound:
        lines += [f"reasoner: {line}" for line in outcome.consistency.in_words().splitlines()]
    return lines
