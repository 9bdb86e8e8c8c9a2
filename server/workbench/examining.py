"""Checks a claim in the making against all that the curated files hold, before it is put into them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from kg.checks.collection import Collection, CuratedClaim
from kg.checks.examination import RULES
from kg.checks.findings import Finding, Severity
from kg.checks.reading import CuratedFile, read
from kg.checks.shapes import broken
from kg.curation.passages import render
from ontology import KelisimError
from ontology.namespaces import CLAIM, SRC
from server.workbench.statements import UNNAMED, Statements

_OF_PLACES: Final = frozenset({"heading", "order", "numbering", "coverage", "open-mark"})
"""The rules on where a claim stands in its file, and on marks in it, which keeping it sees to."""

_OF_NAMES: Final = ("undeclared-thing", "shape:Named", "shape:Sourced")

_SHAPE: Final = re.compile(r"[\w:-]+, (?P<property>[a-z]+:\w+):")
"""How a finding by a shape begins that is about one property."""


@dataclass(frozen=True, order=True)
class Told:
    """What a check told of a claim: at which field (empty for the claim itself), how sure, what is wrong, the mend."""

    severity: str
    field: str
    wrong: str
    mend: str
    rule: str


def examined(collection: Collection, path: str, found: Statements) -> list[Told]:
    """What all quick checks and the shapes tell of a claim that stands, or is to stand, in the file at a path."""
    mistakes = [Told(Severity.ERROR, m.field, m.wrong, m.mend, "value") for m in found.mistakes]
    file = next(f for f in collection.files if f.name == path)
    opens = file.graphs.get(str(CLAIM) + found.name, max(file.graphs.values(), default=0) + 1_000)
    claim, fields = found.checked(path, opens)
    if not claim.facts:
        return [*mistakes, Told(Severity.ERROR, "", "It tells nothing yet.", "Fill in the fields of a thing.", "empty")]
    files = [_spliced(f, claim) if f is file else f for f in collection.files]
    with_it = Collection((*files, *_recorded(collection, claim)), collection.texts)
    about = {*claim.subjects}
    lines = {f.name: _lines_of(f, about) for f in collection.files if f.name.startswith("entities/")}
    own = next(c for c in with_it.claims if c.name == claim.name)
    by_rules = {f for rule in RULES for f in rule(with_it, [own])}
    wrong = {(f.file, f.line) for f in by_rules if f.severity == Severity.ERROR}
    by_shapes = {f for f in broken(with_it, [own]) if (f.file, f.line) not in wrong}
    told = [
        Told(str(f.severity), _field(f, fields), f.wrong, f.mend, f.rule)
        for f in by_rules | by_shapes
        if f.rule not in _OF_PLACES and not _for_lack_of_a_name(f)
        if _is_of(f, claim) or f.line in lines.get(f.file, ())
    ]
    return sorted({*mistakes, *told})


def _for_lack_of_a_name(finding: Finding) -> bool:
    """Whether a finding only says once more that a thing has no name yet."""
    return f"id:{UNNAMED}-" in finding.wrong and finding.rule.startswith(_OF_NAMES)


def _is_of(finding: Finding, claim: CuratedClaim) -> bool:
    return finding.claim == claim.name and finding.file == claim.file


def _field(finding: Finding, fields: Mapping[int, str]) -> str:
    """The field that a finding is about; of what is missing, the field of its property."""
    field = fields.get(finding.line, "")
    if match := _SHAPE.fullmatch(finding.wrong):
        owner = field.partition(":")[0].partition(".")[0]
        if not field.startswith(f"{owner}:{match['property']}"):
            return f"{owner}:{match['property']}"
    return field


def _lines_of(file: CuratedFile, things: Iterable[str]) -> set[int]:
    wanted = {*things}
    return {line for s in file.statements if s.subject in wanted for line in (s.line, s.subject_line)}


def _recorded(collection: Collection, claim: CuratedClaim) -> list[CuratedFile]:
    """The record of the claim's passage, where there is none yet: saving writes it."""
    passage = claim.passage
    article = collection.texts.get(passage.article) if passage else None
    if passage is None or article is None or str(SRC) + passage.name in collection.described:
        return []
    try:
        return [read(render([passage], article), f"passages/{passage.article}.ttl")]
    except KelisimError:  # there is no such passage, which is told
        return []


def _spliced(file: CuratedFile, claim: CuratedClaim) -> CuratedFile:
    """The file with a claim in the place of the one of its name, or at its end."""
    iri = str(CLAIM) + claim.name
    others = tuple(s for s in file.statements if s.graph != iri and (s.graph or s.subject != iri))
    return replace(file, statements=(*others, *claim.facts, *claim.record), graphs={**file.graphs, iri: claim.line})
