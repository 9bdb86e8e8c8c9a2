"""A comparison in words and plain values, as JSON, the terminal and the page show it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pyoxigraph as ox

from kg.agreement.comparison import Comparison
from kg.agreement.differences import Aspect, Difference
from kg.agreement.measures import Alpha, Overlap
from kg.agreement.sides import Side
from kg.checks.collection import CuratedClaim
from ontology import read_text
from ontology.namespaces import BASE, ID, KEL, PREFIXES, shorten

Record = dict[str, Any]


def describe(comparison: Comparison, language: str = "en") -> Record:
    """The comparison as JSON: what is compared, ``measures``, ``differences``, ``names``.

    Values of differences are objects with ``value`` (a shortened IRI or a literal) and ``label`` in the language, or
    in English where there is none; measures that are not defined are null.
    """
    words = _Words(comparison, language)
    m = comparison.measures
    return {
        "articles": comparison.articles,
        "leftOut": [*comparison.left_out],
        "a": {"path": str(comparison.a.path), "claims": len(comparison.a.claims)},
        "b": {"path": str(comparison.b.path), "claims": len(comparison.b.claims)},
        "measures": {
            "claims": {n: _overlap(getattr(m, f)) for n, f in _CLAIMS.items()},
            "alpha": {n: _alpha(getattr(m, f)) for n, f in _ALPHAS.items()},
            "sentences": m.continuum,
            "allSentences": m.complete,
        },
        "differences": [words.difference(d) for d in comparison.differences],
        "names": [
            {"a": words.value(a), "b": words.value(b, of_b=True)}
            for b, a in sorted(comparison.alignment.names.items(), key=lambda item: item[1])
        ],
    }


_CLAIMS = {"aligned": "aligned", "sameFact": "same_fact", "identical": "identical"}
_ALPHAS = {
    "speaker": "speaker",
    "modality": "modality",
    "kind": "kind",
    "code": "code",
    "passages": "passages",
    "passagesByKind": "passages_by_kind",
}


def _overlap(found: Overlap) -> Record:
    return {"matched": found.matched, "inA": found.in_a, "inB": found.in_b, "f1": found.f1}


def _alpha(found: Alpha) -> Record:
    return {"value": found.value, "units": found.units}


class _Words:
    """Values with their labels in a language."""

    def __init__(self, comparison: Comparison, language: str) -> None:
        self._sides = comparison.a, comparison.b
        self._language = language

    def difference(self, difference: Difference) -> Record:
        a, b = self._sides
        return {
            "number": difference.number,
            "sort": str(difference.sort),
            "sameFact": difference.same_fact,
            "a": [self._claim(a, c) for c in difference.a],
            "b": [self._claim(b, c) for c in difference.b],
            "aspects": [self._aspect(x) for x in difference.aspects],
        }

    def _aspect(self, aspect: Aspect) -> Record:
        name = aspect.property
        return {
            "aspect": aspect.name,
            "property": name,
            "label": self._label(_vocabulary(), (str(KEL) + name,)) or name,
            "a": [self.value(v) for v in aspect.a],
            "b": [self.value(v, of_b=True) for v in aspect.b],
        }

    def value(self, value: str, *, of_b: bool = False) -> Record:
        """A value of a side, with its label; the identifiers of B are those of A where both mean the same thing."""
        sides = reversed(self._sides) if of_b else self._sides
        label = next(filter(None, (self._name(side, value) for side in sides)), "")
        label = label or self._label(_vocabulary(), (value, str(KEL) + value))
        text, at, language = value.rpartition("@")
        if at and language in {"en", "ru", "kk"}:
            return {"value": value, "label": text}
        return {"value": shorten(value), "label": label or shorten(value)}

    def _name(self, side: Side, iri: str) -> str:
        return self._label(side.names, (iri,)) if iri.startswith(str(ID)) else ""

    def _label(self, names: Mapping[str, Mapping[str, tuple[str, ...]]], iris: Iterable[str]) -> str:
        for iri in iris:
            found = names.get(iri, {})
            for language in (self._language, "en"):
                if language in found:
                    return found[language][0]
        return ""

    def _claim(self, side: Side, claim: CuratedClaim) -> Record:
        first, last = (claim.passage.first, claim.passage.last) if claim.passage else (0, 0)
        values = {n: [self.value(s.value) for s in claim.of_record(n)] for n in ("speaker", "modality")}
        return {
            "claim": claim.name,
            "place": place(side, claim),
            "passage": claim.passage.name if claim.passage else "",
            "paragraph": claim.passage.paragraph if claim.passage else claim.numbered[1],
            "sentences": [*range(first, last + 1)] if first else [],
            **values,
            "gloss": claim.gloss(self._language) or claim.gloss("en"),
        }


def place(side: Side, claim: CuratedClaim) -> str:
    """File and line of a claim."""
    return f"{side.path if side.path.is_file() else side.path / claim.file}:{claim.line}"


@cache
def _vocabulary() -> dict[str, dict[str, tuple[str, ...]]]:
    """The labels of the ontology's terms and codes by language."""
    found: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    label = ox.NamedNode(PREFIXES["rdfs"] + "label")
    for name in ("core.ttl", "codes.ttl"):
        for quad in ox.parse(input=read_text(name), format=ox.RdfFormat.TURTLE, base_iri=BASE):
            subject, value = quad.subject, quad.object
            if quad.predicate == label and isinstance(value, ox.Literal) and isinstance(subject, ox.NamedNode):
                found[subject.value][value.language or ""] = (value.value,)
    return found
