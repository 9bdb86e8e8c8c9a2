"""The glosses against what the claim tells: are its things named?"""

from collections.abc import Iterator, Sequence
from typing import Final

from kg.checks.collection import LABEL, Collection, CuratedClaim
from kg.checks.findings import Finding
from kg.checks.naming import Names, stems
from ontology.namespaces import ID, KEL, shorten

_NAMED: Final = frozenset({"Person", "State", "Place", "Organization", "StateGroup", "Office"})
_BY_OFFICE: Final = frozenset(
    str(KEL[n]) for n in ("party", "concerns", "refArea", "counterpartArea", "actor", "target")
)
"""Properties whose values a gloss may tell by an office: the leaders of two countries."""


def gloss_names(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Persons, states, places, bodies and offices of a claim that none of its glosses and labels names."""
    names = Names(collection)
    for claim in claims:
        texts = " ".join(s.value for s in (*claim.facts, *claim.record) if s.predicate in {LABEL, str(KEL.gloss)})
        told = stems(texts)
        for s in claim.facts:
            if not s.value.startswith(str(ID)) or not collection.types.get(s.value, frozenset()) & _NAMED:
                continue
            known = names.with_offices(s.value) if s.predicate in _BY_OFFICE else names.of(s.value)
            if known and not known & told:
                wrong = f"Neither gloss nor label names {shorten(s.value)}."
                yield claim.warning(s.line, "gloss-names", wrong, "Check that it is meant; a gloss stands alone.")
