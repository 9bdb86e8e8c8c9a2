"""The order of findings: the most useful first, each said once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from kg.explanations.findings import Finding, Line
from kg.language.messages import gettext_noop

_TELLING: Final = frozenset(("hedged", "unknown name", "datatype"))
"""The kinds of findings that tell much also where no mend of theirs leads to rows."""

_RULED_OUT: Final = (("datatype", "text"), ("datatype", "case"), ("text", "case"), ("language", "case"))
"""The second is not said of a line where the first is: its mend does as much for a lesser reason."""

_REMOVING: Final = frozenset(("without", "filter"))
"""The kinds of findings that only leave something out."""


def best_first(findings: Sequence[Finding]) -> list[Finding]:
    """The findings in order; those that others make needless are left out."""
    seen, best = set[tuple[str, Line]](), list[Finding]()
    mended = any(f.query for f in findings)
    for found in sorted(findings, key=lambda f: (not f.query and not _tells(f), f.rank)):
        said = (found.message, found.lines[0])
        stronger = {(kind, found.lines[0]) for kind, other in _RULED_OUT if other == found.kind}
        there = {(f.kind, f.lines[0]) for f in best}
        again = found.kind in _REMOVING and found.query in {f.query for f in best}
        same_name = not found.query and found.kind == "unknown name" and ("unknown name", found.lines[0]) in there
        if said in seen or stronger & there or again or same_name or (mended and found.kind == "no match"):
            continue
        seen.add(said)
        best.append(found)
    return best


def _tells(found: Finding) -> bool:
    """Whether a finding without a mend comes as early as with one; what is hedged does if it is one line's fault."""
    return found.kind in _TELLING and (found.kind != "hedged" or len(found.lines) == 1)


def unmended(found: Finding) -> Finding:
    """What mends a failing part, while other elements still leave no rows."""
    template = found.template
    if found.kind == "hedged":
        template = gettext_noop("This is told, but not surely. Even with FROM %(lens)s the other lines leave no rows.")
    return replace(
        found, template=template, rank=found.rank + (0 if found.kind in _TELLING else 70), rows=None, query=""
    )
