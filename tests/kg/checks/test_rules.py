"""Rules of the curator's handbook that a query can hold: the shipped claims and the worked example follow them."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from kg.checks.collection import Collection, CuratedClaim, collect, curated_texts, local
from tests.conftest import ROOT

EXAMPLE: Final = ROOT / "tests/fixtures/handbook"

Rule = Callable[[Collection], Iterator[str]]
RULES: Final[dict[str, tuple[Rule, frozenset[str]]]] = {}
"""Each finds what does not follow a rule; beside it stands what was published before the rule was written."""


def rule(*before: str) -> Callable[[Rule], Rule]:
    def add(function: Rule) -> Rule:
        RULES[function.__name__] = (function, frozenset(before))
        return function

    return add


def statements_of(collection: Collection) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for claim in collection.claims:
        for s in claim.facts:
            if "Statement" in collection.types.get(s.subject, ()):
                found[s.subject][local(s.predicate)].add(local(s.value))
    return found


@rule()
def one_claim_has_one_statement(collection: Collection) -> Iterator[str]:
    yield from (c.name for c in collection.claims if len({s.subject for s in c.told("saidBy")}) > 1)


@rule()
def that_it_was_said_is_asserted_by_the_article_unless_somebody_else_tells_it(collection: Collection) -> Iterator[str]:
    for claim in collection.claims:
        sayers = {s.value for s in claim.told("saidBy")}
        (speaker,) = (s.value for s in claim.of_record("speaker"))
        own = speaker == collection.publishers[claim.numbered[0]]
        if sayers and not (own and claim.code("modality") == "asserted") and speaker in sayers:
            yield claim.name


@rule(
    "statement-izvestia-figures-2024", "statement-putin-agreement-basis-2023",
    "statement-putin-friendly-relations-2023", "statement-putin-basic-agreement-anniversary-2023",
    "statement-putin-partnership-principles-2023",
    "statement-tokayev-allies-2023", "statement-tokayev-bonds-2023", "statement-tokayev-main-wealth-2023",
    "statement-tokayev-visit-significance-2023", "statement-ushakov-package-ready-2024",
)  # fmt: skip
def topics_are_the_narrowest(collection: Collection) -> Iterator[str]:
    for iri, told in statements_of(collection).items():
        if "topic-bilateral-relations" in told["topic"] and len(told["topic"]) > 1:
            yield local(iri)


@rule(
    "statement-accusation-sanctions-evasion", "statement-lavrov-eu-constrain-russia",
    "statement-lavrov-eu-push-russia-out", "tenure-unnamed-us-ambassador-to-kazakhstan",
)  # fmt: skip
def names_have_the_pattern_of_their_class(collection: Collection) -> Iterator[str]:
    patterns = {
        "Statement": r"statement-.*-20\d\d",
        "Tenure": r"tenure-.*",
        "Relation": r"relation-.*",
        "StageEvent": r"stage-.*",
        "Observation": r"obs-.*",
        "Participation": r"participation-.*",
        "Policy": r"policy-.*",
        "Image": r"image-.*-20\d\d",
    }
    for iri, kinds in collection.types.items():
        for kind in kinds & patterns.keys():
            if not re.fullmatch(patterns[kind], local(iri)):
                yield local(iri)
    for claim in collection.claims:
        for s in claim.told("office"):
            if not local(s.subject).endswith(local(s.value)):
                yield local(s.subject)


@rule()
def a_tenure_is_told_once_to_an_article_and_alone(collection: Collection) -> Iterator[str]:
    seen = set()
    for claim in collection.claims:
        for s in claim.told("attestedOn"):
            if (claim.numbered[0], s.subject) in seen or len(
                {f.subject for f in claim.facts if local(f.predicate) != "type"}
            ) > 1:
                yield claim.name
            seen.add((claim.numbered[0], s.subject))


@rule()
def intergovernmental_documents_have_the_governments_as_parties(collection: Collection) -> Iterator[str]:
    told: dict[str, set[str]] = defaultdict(set)
    for claim in collection.claims:
        for s in (*claim.told("kind"), *claim.told("party")):
            told[s.subject].add(local(s.value))
    for iri, values in told.items():
        if {v for v in values if v.startswith("instrument-")} == {"instrument-intergovernmental"} and not {
            v for v in values if v.startswith("government-of-")
        }:
            yield local(iri)


@rule("izv24-p40-12")
def a_goal_is_planned_or_weaker(collection: Collection) -> Iterator[str]:
    for claim in collection.claims:
        goals = any(local(s.value) == "status-goal" for s in claim.told("status"))
        if goals and claim.code("modality") in {"asserted", "reported"}:
            yield claim.name


@rule()
def the_level_of_a_visit_stands_alone(collection: Collection) -> Iterator[str]:
    for claim in collection.claims:
        if claim.told("visitLevel") and {local(s.predicate) for s in claim.facts} - {"visitLevel", "type"}:
            yield claim.name


@rule()
def what_is_implied_has_a_note_and_so_has_an_inferred_date(collection: Collection) -> Iterator[str]:
    for claim in collection.claims:
        inferred = any(local(s.value) == "date-inferred" for s in claim.told("dateBasis"))
        if (inferred or claim.of_record("basis")) and not claim.of_record("note"):
            yield claim.name


@rule()
def documents_of_a_package_and_its_count_are_told_apart(collection: Collection) -> Iterator[str]:
    for claim in collection.claims:
        counted: list[CuratedClaim] = [claim] if claim.told("documentCount") else []
        if counted and (claim.told("inPackage") or claim.told("stage")):
            yield claim.name


@pytest.mark.parametrize("name", RULES)
def test_the_claims_follow_the_rules(name: str) -> None:
    function, before = RULES[name]
    assert {*function(collect(curated_texts()))} <= before
    assert not {*function(collect(curated_texts(EXAMPLE)))}
