"""MINUS and NOT EXISTS that leave out all rows: which match does it."""

from collections.abc import Iterator

from kg.explanations.case import Candidate, Case, told
from kg.explanations.pattern import Leaf
from kg.language.messages import gettext_noop

_SHOWN = 4


def candidates(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """The query without the exclusion, with a match of it."""
    if leaf.kind not in ("minus", "not-exists"):
        return
    inner = leaf.text[leaf.text.index("{") : leaf.text.rindex("}") + 1]
    names = sorted(leaf.uses)
    rows = case.explore(leaf, inner, " ".join(f"?{name}" for name in names) or "*", 1)
    match = ", ".join(f"?{name} = {told(rows[0][name])}" for name in names[:_SHOWN] if rows and name in rows[0])
    template = gettext_noop("It leaves out all rows: each has a match, such as %(match)s.")
    if not match:
        template = gettext_noop("It leaves out all rows.")
    yield Candidate("excluded", 5, template, {"match": match}, leaf, {leaf: ""})
