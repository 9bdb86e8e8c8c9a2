"""Deliberate mistakes of more than a hundred kinds are told at the right line, and the two articles raise no alarm."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from kg.checks.collection import Collection, CuratedClaim, collect, curated_texts
from kg.checks.examination import RULES, examine, find_articles, malformed
from kg.checks.findings import Finding
from kg.checks.passages import rendered
from kg.checks.shapes import broken
from kg.curation.passages import Passage
from ontology.namespaces import ID
from tests.kg.checks.mistakes import COPIED, MISTAKES, Mistake

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Made:
    """Files with mistakes in them, and what is found."""

    texts: Texts
    findings: frozenset[Finding]


def batches() -> list[list[Mistake]]:
    """The mistakes in groups, in which no two are made in one claim; some are made alone."""
    groups: list[list[Mistake]] = []
    for mistake in MISTAKES:
        free = (g for g in groups if not mistake.alone and not g[0].alone and all(fits(mistake, m) for m in g))
        group = next(free, None)
        if group is None:
            groups.append([mistake])
        else:
            group.append(mistake)
    return groups


def fits(one: Mistake, other: Mistake) -> bool:
    """Whether two mistakes can be made side by side."""
    return one.where != other.where or one.where == one.file


GROUPS = batches()


def values(claim: CuratedClaim) -> set[tuple[str, str, str]]:
    return {(s.subject, s.predicate, str(s.object)) for s in (*claim.facts, *claim.record)}


def described(collection: Collection) -> dict[str, set[tuple[str, str]]]:
    return {iri: {(s.predicate, str(s.object)) for s in found} for iri, found in collection.described.items()}


def words_of_passage(collection: Collection, claim: str) -> str:
    """The first twelve words of the passage of a claim."""
    (record,) = (c for c in collection.claims if c.name == claim)
    passage = Passage.parse(record.of_record("passage")[0].value)
    article = collection.texts[passage.article]
    sentence = article.sentences(article.paragraph(passage.paragraph))[passage.first - 1]
    return " ".join(re.findall(r"\w+", article.text[sentence.start : sentence.end])[:12])


@pytest.fixture(scope="module")
def sound(articles: Path) -> Collection:
    collection = collect(curated_texts())
    return Collection(collection.files, find_articles(collection, articles)[0])


@pytest.fixture(scope="module")
def make(sound: Collection, articles: Path) -> object:
    """Makes the mistakes of a group, brings passages up to date as the command does, and checks all but consistency.

    The shapes, which take longest, are held to the claims with mistakes and those that name entities with mistakes.
    """
    texts = curated_texts()
    claims = {c.name: values(c) for c in sound.claims}
    entities = described(sound)

    @cache
    def made(number: int) -> Made:
        edited = dict(texts)
        for mistake in GROUPS[number]:
            copied = words_of_passage(sound, mistake.where) if COPIED in mistake.new else ""
            edited[mistake.file] = mistake.applied(edited[mistake.file]).replace(COPIED, copied)
        collection = collect(edited, sound.texts)
        found = malformed(edited, collection)
        if found:
            return Made(edited, frozenset(found))
        for name in sound.texts:
            path = f"passages/{name}.ttl"
            if edited[path] == texts[path]:
                edited[path] = rendered(collection, name) or edited[path]
        collection = collect(edited, sound.texts)
        _, missing = find_articles(collection, articles)
        changed = {
            iri
            for iri, found in described(collection).items()
            if entities.get(iri) != found and iri.startswith(str(ID))
        }
        touched = [
            c for c in collection.claims if claims.get(c.name) != values(c) or {s.value for s in c.facts} & changed
        ]
        rules = (f for rule in RULES for f in rule(collection, collection.claims))
        return Made(edited, frozenset({*missing, *rules, *broken(collection, touched)}))

    return made


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.kind.replace(" ", "-"))
def test_a_mistake_is_told_at_its_line(mistake: Mistake, make: object) -> None:
    number = next(n for n, group in enumerate(GROUPS) if mistake in group)
    made: Made = make(number)  # type: ignore[operator]
    told = [f for f in made.findings if f.rule == mistake.rule]
    assert told, f"{mistake.rule} tells nothing"
    file = mistake.place or mistake.file
    place = (file, mistake.expected_line(made.texts[file]))
    assert place in {(f.file, f.line) for f in told}, [str(f) for f in told]


def test_no_two_mistakes_are_of_one_kind() -> None:
    assert len({m.kind for m in MISTAKES}) == len(MISTAKES) > 57


@pytest.mark.parametrize("name", ["izv24", "mp23"])
def test_the_articles_raise_no_alarm(name: str, sound: Collection) -> None:
    examination = examine(sound, name, reasoning=name == "mp23")
    assert examination.findings == ()
    assert examination.claims > 300
