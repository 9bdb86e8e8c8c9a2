"""The accepted file: what was decided of two curations of an article, in the file of A with the fewest changes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from kg.agreement.comparison import Comparison
from kg.agreement.decisions import Decision, Decisions, decide, renamed
from kg.agreement.sides import Side
from kg.checks.collection import CuratedClaim
from kg.curation.curated import Claim, read_claims, text_of
from kg.curation.tokens import tokens
from kg.curation.writing import ClaimsFile, ThingsFile
from ontology import KelisimError
from ontology.namespaces import CLAIM, ID, KEL

_OF_A: Final = {"A", "both"}
_OF_B: Final = {"B", "both"}


@dataclass(frozen=True)
class Accepted:
    """The accepted claims as TriG, and as Turtle what B tells of things that A does not declare and they name.

    kept, taken: how many claims are A's, and B's. renumbered: the claims of A that got another number, with it.
    """

    claims: str
    things: str
    kept: int
    taken: int
    renumbered: Mapping[str, str]


def accept(comparison: Comparison, decisions: Decisions) -> Accepted:
    """The accepted file of one article.

    Claims that both sides tell alike, and all that A wins, stay as A wrote them; those of B come after the claims of A
    in place of which, or after whose sentence they stand. Claims are numbered from 1 in each paragraph, without numbers
    that were withdrawn. Things are called as A does, where the decisions do not say otherwise.

    Raises KelisimError, with lines, if a difference is not decided; or if more than one article is compared, or its
    claims stand in several files.
    """
    taken = decide(comparison, decisions)
    file = _file(comparison)
    chosen_a, chosen_b = _chosen(comparison, taken)
    numbers = _numbers(comparison, chosen_a, chosen_b)
    names_a = {c.name: numbers["a", c.name] for c in chosen_a}
    dropped = {f"{CLAIM}{c.name}" for c in comparison.a.claims if c.name not in names_a}
    file = file.cut([place for place in file.places if place.subject in dropped])
    written_a, written_b = _written(comparison.a), _written(comparison.b)
    mixed = _mixed(comparison, taken)
    terms = {**comparison.alignment.names, **_claim_names(comparison, numbers)}
    for claim in chosen_a:
        if claim.name in mixed["a"]:
            other, parts = mixed["a"][claim.name]
            file = file.replace(_with_parts(written_a[claim.name], _renamed(written_b[other], terms, other), parts))
    file = file.rename({old: new for old, new in names_a.items() if old != new})
    added = []
    for claim in sorted(chosen_b, key=lambda c: int(numbers["b", c.name].rpartition("-")[2])):
        new = _renamed(written_b[claim.name], terms, numbers["b", claim.name])
        if claim.name in mixed["b"]:
            other, parts = mixed["b"][claim.name]
            new = _with_parts(new, written_a[other], parts)
        added.append(new)
    file = file.add(*added).ordered()
    calls = renamed(comparison, decisions)
    file = replace(file, text=_called(file, calls))
    return Accepted(
        file.text,
        _things(comparison, file, terms, calls),
        len(chosen_a),
        len(chosen_b),
        {old: new for old, new in names_a.items() if old != new},
    )


def _file(comparison: Comparison) -> ClaimsFile:
    """The file of A in which the accepted claims are written."""
    side = comparison.a
    if len(comparison.articles) != 1:
        raise KelisimError(
            f"Two curations are accepted article by article: add --article, one of {', '.join(comparison.articles)}."
        )
    (article,) = comparison.articles
    files = sorted({c.file for c in side.claims})
    if len(files) > 1:
        raise KelisimError(f"{side.path}: the claims of {article} stand in {', '.join(files)}: put them into one file.")
    if files:
        return ClaimsFile.read(side.texts[files[0]], files[0])
    return ClaimsFile.new(article, article)


def _chosen(comparison: Comparison, taken: Mapping[int, Decision]) -> tuple[list[CuratedClaim], list[CuratedClaim]]:
    """The claims that stay of A, in the order of its file, and those that come from B, in reading order."""
    dropped = {c.name for d in comparison.differences if taken[d.number].take not in _OF_A for c in d.a}
    from_b = [c for d in comparison.differences if taken[d.number].take in _OF_B for c in d.b]
    return [c for c in comparison.a.claims if c.name not in dropped], from_b


def _numbers(
    comparison: Comparison, chosen_a: Iterable[CuratedClaim], chosen_b: Iterable[CuratedClaim]
) -> dict[tuple[str, str], str]:
    """The new names of the chosen claims, by side and old name."""
    at = {c.name: n for n, c in enumerate(comparison.a.claims)}
    before = {c.name: max(at[x.name] for x in d.a) for d in comparison.differences if d.a for c in d.b}
    withdrawn = {name for file in comparison.a.collection.files for name in file.withdrawn}
    paragraphs: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for claim in chosen_a:
        paragraphs[_stem(claim)].append((at[claim.name], 0, "a", claim.name))
    for n, claim in enumerate(chosen_b, 1):
        place = before.get(claim.name, _after(claim, comparison.a.claims, at))
        paragraphs[_stem(claim)].append((place, n, "b", claim.name))
    found = {}
    for stem, claims in paragraphs.items():
        number = 0
        for _, _, side, name in sorted(claims):
            number += 1
            while f"{stem}-{number}" in withdrawn:
                number += 1
            found[side, name] = f"{stem}-{number}"
    return found


def _stem(claim: CuratedClaim) -> str:
    """Article and paragraph, as the names of claims begin."""
    if claim.passage:
        return f"{claim.passage.article}-p{claim.passage.paragraph}"
    return claim.name.rpartition("-")[0]


def _after(claim: CuratedClaim, others: Iterable[CuratedClaim], at: Mapping[str, int]) -> int:
    """The place of the last claim of A whose passage does not begin after that of a claim; -1 if there is none."""
    passage = claim.passage
    earlier = (
        at[o.name]
        for o in others
        if passage and o.passage and _stem(o) == _stem(claim) and o.passage.first <= passage.first
    )
    return max(earlier, default=-1)


def _claim_names(comparison: Comparison, numbers: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """The new IRIs of claims that statements of B name: its own, or those of A that tell the same."""
    found = {str(CLAIM) + name: str(CLAIM) + new for (side, name), new in numbers.items() if side == "b"}
    for pair in comparison.alignment.pairs:
        new = numbers.get(("a", pair.a.claim.name))
        if new:
            found.setdefault(str(CLAIM) + pair.b.claim.name, str(CLAIM) + new)
    return found


Mixed = dict[str, dict[str, tuple[str, tuple[str, ...]]]]
"""By side and claim: the claim of the other side, and which parts come from it."""


def _mixed(comparison: Comparison, taken: Mapping[int, Decision]) -> Mixed:
    found: Mixed = {"a": {}, "b": {}}
    for d in comparison.differences:
        decision = taken[d.number]
        if decision.parts:
            ours, others = (d.a, d.b) if decision.take == "A" else (d.b, d.a)
            found[decision.take.lower()][ours[0].name] = others[0].name, decision.parts
    return found


def _with_parts(claim: Claim, other: Claim, parts: Iterable[str]) -> Claim:
    """A claim with parts of its record from another."""
    subject, record = ox.NamedNode(claim.iri), dict(claim.record)
    for part in parts:
        name = str(KEL[part])
        record[name] = [ox.Triple(subject, t.predicate, t.object) for t in other.record.get(name, ())]
    return replace(claim, record=record)


def _written(side: Side) -> dict[str, Claim]:
    """The claims of a side by name, as triples."""
    files = {c.file for c in side.claims}
    return {c.name: c for file in sorted(files) for c in read_claims(side.texts[file], file)[0]}


def _renamed(claim: Claim, terms: Mapping[str, str], name: str) -> Claim:
    """A claim under a new name, and with other names for what it speaks of."""
    terms = {**terms, claim.iri: str(CLAIM) + name}
    record = {p: [_triple(t, terms) for t in triples] for p, triples in claim.record.items()}
    return replace(claim, iri=str(CLAIM) + name, facts=tuple(_triple(t, terms) for t in claim.facts), record=record)


def _triple(triple: ox.Triple, terms: Mapping[str, str]) -> ox.Triple:
    subject, value = _term(triple.subject, terms), _term(triple.object, terms)
    assert isinstance(subject, ox.NamedNode)
    return ox.Triple(subject, triple.predicate, value)


def _term(
    term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple, terms: Mapping[str, str]
) -> ox.NamedNode | ox.Literal:
    assert isinstance(term, ox.NamedNode | ox.Literal)
    return ox.NamedNode(terms.get(term.value, term.value)) if isinstance(term, ox.NamedNode) else term


def _called(file: ClaimsFile, calls: Mapping[str, str]) -> str:
    """The text of a file in which things have other names."""
    forms = {f"<{old}>": f"<{new}>" for old, new in calls.items()}
    for prefix, namespace in file.prefixes.items():
        if namespace == str(ID):
            forms |= {
                f"{prefix}:{o.removeprefix(str(ID))}": f"{prefix}:{n.removeprefix(str(ID))}" for o, n in calls.items()
            }
    parts, at = [], 0
    for token in tokens(file.text):
        if token.kind in {"iri", "name"} and token.text in forms:
            parts += [file.text[at : token.start], forms[token.text]]
            at = token.end
    return "".join((*parts, file.text[at:]))


def _things(comparison: Comparison, file: ClaimsFile, names: Mapping[str, str], calls: Mapping[str, str]) -> str:
    """What B tells of the things that the accepted claims name and A does not declare."""
    a, b = comparison.a.collection.described, comparison.b.collection.described
    kept = {y: x for y, x in names.items() if x not in calls}
    wanted = _named(file)
    found = ThingsFile("things.ttl", "")
    while wanted:
        iri = wanted.pop()
        if iri in b and iri not in a and iri not in found.things:
            told = [ox.Triple(ox.NamedNode(iri), ox.NamedNode(s.predicate), _term(s.object, kept)) for s in b[iri]]
            found = found.add(iri, told)
            wanted += [text_of(t.object) for t in told]
    return found.text


def _named(file: ClaimsFile) -> list[str]:
    """The things that the claims of a file name, sorted backwards."""
    triples = (t for c in file.claims.values() for t in (*c.facts, *(t for ts in c.record.values() for t in ts)))
    terms = {x.value for t in triples for x in (t.subject, t.object) if isinstance(x, ox.NamedNode)}
    return sorted((iri for iri in terms if iri.startswith(str(ID))), reverse=True)
