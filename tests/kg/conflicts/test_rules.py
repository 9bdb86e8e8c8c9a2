"""The rules of each kind of conflict, on graphs made up for it; each with what is like it and none."""

import pyoxigraph as ox
import pytest

from kg.conflicts.detection import detect
from kg.conflicts.model import SIDES_SHOWN, Conflict
from kg.conflicts.terms import triples
from kg.store.reader import Reader
from ontology.namespaces import CLAIM, KEL
from tests.kg.conflicts.graphs import claimed, day, made


def told(reader: Reader) -> dict[str, list[Conflict]]:
    found: dict[str, list[Conflict]] = {}
    for each in detect(reader):
        found.setdefault(each.kind, []).append(each)
    return found


def sides(each: Conflict) -> list[list[str]]:
    return [[claim.removeprefix(str(CLAIM)) for claim in side.claims] for side in each.sides]


def planned(first: str, last: str) -> str:
    return f"kel:plannedEarliest {day(first)} ; kel:plannedLatest {day(last)} ; kel:status code:status-planned"


def held(first: str, last: str) -> str:
    return f"kel:earliest {day(first)} ; kel:latest {day(last)} ; kel:status code:status-held"


PLAN = claimed("old-p1-1", "planned", f"id:talks a kel:Event ; {planned('2030-03-01', '2030-03-02')} .")


@pytest.mark.parametrize(
    ("later", "conflicts"),
    [
        (held("2030-03-02", "2030-03-02"), []),  # carried out as planned
        (held("2030-03-05", "2030-03-05"), ["plan"]),  # held on another day
        ("kel:status code:status-held", []),
        ("kel:status code:status-cancelled", ["plan"]),
        ("kel:status code:status-planned", ["plan"]),  # its days are over
        (planned("2031-03-01", "2031-03-02"), ["plan"]),  # put off
        (planned("2030-03-01", "2030-03-01"), ["plan"]),  # announced anew for a day that is over
    ],
)
def test_plan_and_outcome(later: str, conflicts: list[str]) -> None:
    found = told(made(PLAN, claimed("new-p1-1", "asserted", f"id:talks {later} .")))
    assert list(found) == conflicts
    for each in found.get("plan", []):
        assert sides(each)[0] != sides(each)[1]
        assert "changed-plan" in each.caveats


def test_what_was_planned_and_is_denied_to_have_been_held() -> None:
    (each,) = told(made(PLAN, claimed("new-p1-1", "denied", "id:talks kel:status code:status-held .")))["plan"]
    assert sides(each) == [["old-p1-1"], ["new-p1-1"]]


@pytest.mark.parametrize(("level", "kind"), [("visit-state", ""), ("visit-working", "plan")])
def test_a_visit_of_another_level(level: str, kind: str) -> None:
    plan = claimed("old-p1-1", "planned", "id:v a kel:Visit ; kel:visitLevel code:visit-state .")
    found = told(made(plan, claimed("new-p1-1", "asserted", f"id:v kel:visitLevel code:{level} .")))
    assert list(found) == ([kind] if kind else [])


def test_two_visits_of_different_levels_are_none() -> None:
    one = claimed("old-p1-1", "asserted", "id:v a kel:Visit ; kel:visitLevel code:visit-state .")
    assert not told(
        made(one, claimed("new-p1-1", "asserted", "id:w a kel:Visit ; kel:visitLevel code:visit-working ."))
    )


@pytest.mark.parametrize(("on", "conflicts"), [("2030-03-01", []), ("2030-04-01", ["plan"])])
def test_a_document_signed_on_another_day(on: str, conflicts: list[str]) -> None:
    window = f"kel:plannedEarliest {day('2030-03-01')} ; kel:plannedLatest {day('2030-03-02')}"
    plan = f"id:s1 a kel:StageEvent ; kel:stageOf id:d ; kel:stage code:stage-signature-planned ; {window} ."
    done = f"kel:stage code:stage-signed ; kel:earliest {day(on)} ; kel:latest {day(on)}"
    signed = claimed("new-p1-1", "asserted", f"id:s2 a kel:StageEvent ; kel:stageOf id:d ; {done} .")
    found = told(made(claimed("old-p1-1", "planned", plan), signed))
    assert list(found) == conflicts


@pytest.mark.parametrize(("modality", "conflicts"), [("possible", ["plan"]), ("asserted", [])])
def test_a_step_whose_day_has_passed(modality: str, conflicts: list[str]) -> None:
    window = f"kel:plannedEarliest {day('2030-03-01')} ; kel:plannedLatest {day('2030-03-02')}"
    step = f"id:s a kel:StageEvent ; kel:stageOf id:works ; kel:stage code:stage-supplier-choice ; {window} ."
    later = claimed("new-p1-1", modality, "id:r a kel:Relation ; kel:concerns id:works .")
    assert list(told(made(claimed("old-p1-1", "possible", step), later))) == conflicts


def tenure(name: str, holder: str, on: str, office: str = "id:office") -> str:
    facts = f"id:t-{holder} a kel:Tenure ; kel:holder id:{holder} ; kel:office {office} ; kel:attestedOn {day(on)} ."
    return claimed(name, "asserted", facts)


@pytest.mark.parametrize(
    ("role", "on", "conflicts"),
    [
        ("role-minister", "2030-06-01", ["office"]),  # between two days of the other
        ("role-minister", "2031-01-10", ["office"]),
        ("role-minister", "2031-06-01", []),  # a successor
        ("role-deputy-prime-minister", "2030-06-01", []),
    ],
)
def test_two_holders_of_one_office(role: str, on: str, conflicts: list[str]) -> None:
    attested = (tenure("old-p1-1", "a", "2030-01-10"), tenure("new-p1-1", "a", "2031-01-10"))
    found = told(made(f"id:office org:role code:{role} .", *attested, tenure("new-p1-2", "b", on)))
    assert list(found) == conflicts
    for each in found.get("office", []):
        assert sides(each) == [["new-p1-1", "old-p1-1"], ["new-p1-2"]]
        assert each.caveats >= {"attested-only"}


def test_holders_of_two_offices_are_none() -> None:
    other = tenure("new-p1-1", "b", "2030-01-10", "id:other-office")
    assert not told(made(tenure("old-p1-1", "a", "2030-01-10"), other))


AWAY = (
    "id:p a kel:Participation ; kel:inEvent id:e ; kel:agent id:a ; kel:attendance code:attendance-absence-announced ."
)


@pytest.mark.parametrize(
    ("facts", "caveats"),
    [
        ("id:e kel:participant id:a .", set()),
        ("id:e kel:visitor id:a .", set()),
        ("id:e kel:organiser id:a .", None),
        ("id:e kel:participant id:b .", None),
        ("id:q kel:inEvent id:e ; kel:agent id:a ; kel:attendance code:attendance-held .", set()),
        ("id:f kel:partOf id:e ; kel:participant id:a .", set()),
        ("id:f kel:participant id:a .", None),
        ("id:s kel:atEvent id:e ; kel:actor id:g . id:g kel:concerns id:o . id:a org:memberOf id:o .", {"group"}),
        ("id:s kel:atEvent id:e ; kel:actor id:g . id:g kel:concerns id:o . id:b org:memberOf id:o .", None),
    ],
)
def test_attends_and_stays_away(facts: str, caveats: set[str] | None) -> None:
    found = told(made(claimed("old-p1-1", "planned", AWAY), claimed("new-p1-1", "asserted", facts)))
    assert [each.caveats for each in found.get("participation", [])] == ([] if caveats is None else [caveats])


def test_a_member_and_not_a_member() -> None:
    fact = "id:a org:memberOf id:o ."
    (each,) = detect(made(claimed("old-p1-1", "asserted", fact), claimed("new-p1-1", "denied", fact)))
    assert (each.kind, sides(each)) == ("participation", [["old-p1-1"], ["new-p1-1"]])
    other = claimed("new-p1-1", "denied", "id:a org:memberOf id:p .")
    assert not detect(made(claimed("old-p1-1", "asserted", fact), other))


@pytest.mark.parametrize(("modality", "conflicts"), [("asserted", 1), ("possible", 1), ("denied", 0)])
def test_said_and_denied(modality: str, conflicts: int) -> None:
    fact = "id:visit kel:topic id:gas ."
    found = detect(made(claimed("old-p1-1", modality, fact), claimed("new-p1-1", "denied", fact)))
    assert len(found) == conflicts
    assert all(("hedged" in each.caveats) == (modality == "possible") for each in found)


def test_a_denial_of_something_else_is_none() -> None:
    one = claimed("old-p1-1", "asserted", "id:visit kel:topic id:gas .")
    assert not detect(made(one, claimed("new-p1-1", "denied", "id:visit kel:topic id:oil .")))


def statement(name: str, who: str, more: str) -> str:
    return claimed(name, "asserted", f"id:st-{name} a kel:Statement ; kel:saidBy id:{who} ; {more} .")


@pytest.mark.parametrize(
    ("who", "stance", "conflicts"),
    [
        ("b", "stance-opposes", 1),
        ("b", "stance-denies", 1),
        ("b", "stance-does-not-object", 0),
        ("a", "stance-opposes", 0),
    ],
)
def test_a_statement_that_another_opposes(who: str, stance: str, conflicts: int) -> None:
    said = statement("old-p1-1", "a", "kel:concerns id:x")
    against = statement("new-p1-1", who, f"kel:stance code:{stance} ; kel:concerns id:st-old-p1-1")
    assert len(detect(made(said, against))) == conflicts


def test_opposite_stances_towards_one_thing() -> None:
    (each,) = detect(
        made(
            statement("old-p1-1", "a", "kel:stance code:stance-supports ; kel:concerns id:x"),
            statement("new-p1-1", "b", "kel:stance code:stance-opposes ; kel:concerns id:x"),
        )
    )
    assert sides(each) == [["old-p1-1"], ["new-p1-1"]]
    assert each.caveats == {"opinion"}


@pytest.mark.parametrize(("accused", "conflicts"), [("id:state", 1), ("id:other", 0)])
@pytest.mark.parametrize("answered", ["id:st-old-p1-1", "id:threat"])
def test_an_accusation_and_the_answer(accused: str, answered: str, conflicts: int) -> None:
    office = "id:t kel:holder id:leader ; kel:office id:office . id:office org:postIn id:state ."
    said = statement("old-p1-1", "a", f"kel:kind code:statement-criticism ; kel:concernsActor {accused}")
    threat = claimed("old-p1-2", "asserted", "id:threat kel:reason id:st-old-p1-1 .")
    answer = statement("new-p1-1", "leader", f"kel:responseTo {answered}")
    assert len(detect(made(office, said, threat, answer))) == conflicts


def test_opposite_trends() -> None:
    up, down = (f"id:x kel:trend code:trend-{way} ." for way in ("rising", "falling"))
    (each,) = detect(made(claimed("old-p1-1", "asserted", up), claimed("new-p1-1", "asserted", down)))
    assert "other-time" in each.caveats
    assert not detect(made(claimed("old-p1-1", "asserted", up), claimed("new-p1-1", "asserted", up)))


@pytest.mark.parametrize(
    ("one", "other", "conflicts"),
    [
        ("kel:documentCount 20", "kel:documentCount 21", 1),
        ("kel:documentCount 20", "kel:documentCount 20", 0),
        ("kel:kind code:instrument-treaty", "kel:kind code:instrument-memorandum", 1),
        ("kel:topic id:x", "kel:topic id:y", 0),
        (held("2030-01-01", "2030-01-31"), held("2030-01-15", "2030-01-15"), 0),
        (held("2030-01-01", "2030-01-31"), held("2030-02-15", "2030-02-15"), 1),
        (f"kel:latest {day('2030-01-31')}", held("2030-01-15", "2030-01-15"), 0),
    ],
)
def test_one_thing_told_differently(one: str, other: str, conflicts: int) -> None:
    found = told(made(*(claimed(f"old-p1-{n}", "asserted", f"id:d {facts} .") for n, facts in enumerate((one, other)))))
    assert [len(several) for several in found.values()] == ([conflicts] if conflicts else [])
    assert set(found) <= {"attribute"}


def test_a_claim_that_gives_several_values_at_once_is_none() -> None:
    both = "id:d kel:kind code:instrument-treaty , code:instrument-memorandum ."
    assert not detect(made(claimed("old-p1-1", "asserted", both)))
    assert not detect(
        made(
            claimed("old-p1-1", "asserted", both),
            claimed("old-p1-2", "asserted", "id:d kel:kind code:instrument-treaty ."),
        )
    )


def event(name: str, first: str, last: str, place: str) -> str:
    return claimed(
        f"old-p1-{name}", "asserted", f"id:{name} {held(first, last)} ; kel:place id:{place} ; kel:visitor id:m ."
    )


PLACES = "id:m a foaf:Person . id:quarter kel:locatedIn id:city . id:city kel:locatedIn id:country ."


@pytest.mark.parametrize(
    ("other", "conflicts"),
    [
        (event("y", "2030-03-02", "2030-03-04", "town"), 1),
        (event("y", "2030-03-03", "2030-03-04", "town"), 0),  # the next day
        (event("y", "2030-03-02", "2030-03-04", "quarter"), 0),  # lies in the city
        (event("y", "2030-03-02", "2030-03-04", "country"), 0),  # the city lies in it
        (event("y", "2030-03-01", "2030-03-31", "town"), 0),  # some day of the month
        (event("y", "2030-03-02", "2030-03-04", "town") + claimed("old-p1-9", "asserted", "id:y kel:partOf id:x ."), 0),
    ],
)
def test_in_two_places_at_once(other: str, conflicts: int) -> None:
    found = told(made(PLACES, event("x", "2030-03-01", "2030-03-02", "city"), other))
    assert [len(several) for several in found.values()] == ([conflicts] if conflicts else [])
    assert set(found) <= {"whereabouts"}


def test_the_place_and_the_day_may_be_those_of_the_whole() -> None:
    part = claimed("old-p1-7", "asserted", "id:session kel:partOf id:y ; kel:visitor id:m .")
    whole = claimed("old-p1-8", "asserted", f"id:y {held('2030-03-02', '2030-03-02')} ; kel:place id:town .")
    (each,) = detect(made(PLACES, event("x", "2030-03-01", "2030-03-02", "city"), part, whole))
    assert sides(each) == [["old-p1-7", "old-p1-8"], ["old-p1-x"]]


def figure(name: str, value: int, more: str = "") -> str:
    facts = "kel:measure code:measure-trade-rank ; kel:unit unit:NUM ; kel:refArea id:k"
    return claimed(name, "asserted", f"id:o-{name} a kel:Observation ; {facts} ; kel:value {value} {more} .")


def test_two_on_one_rank() -> None:
    first, second = (f"; kel:counterpartArea id:{party}" for party in ("r", "c"))
    (each,) = detect(made(figure("old-p1-1", 1, first), figure("new-p1-1", 1, second)))
    assert each.on == str(KEL.counterpartArea)
    assert not detect(made(figure("old-p1-1", 1, first), figure("new-p1-1", 2, second)))


def test_a_conflict_has_at_most_as_many_sides_as_letters() -> None:
    (each,) = detect(made(*(figure(f"old-p1-{n}", n) for n in range(1, 60))))
    assert len(each.sides) == SIDES_SHOWN
    values = [int(side.values[0].value) for side in each.sides]
    assert (values[0], values[-1]) == (1, 59)


def test_as_rdf_there_are_no_blank_nodes_and_all_of_it_is_told() -> None:
    reader = made(figure("old-p1-1", 1), figure("new-p1-1", 5))
    (each,) = detect(reader)
    found = list(triples(reader, [each]))
    assert not any(isinstance(term, ox.BlankNode) for t in found for term in (t.subject, t.object))
    claims = {t.object.value for t in found if t.predicate.value == str(KEL.toldIn)}  # type: ignore[union-attr]
    assert claims == set(each.claims)
    assert {t.subject.value for t in found} == {each.iri, f"{each.iri}/a", f"{each.iri}/b"}  # type: ignore[union-attr]


def test_an_iri_stays_when_another_claim_says_the_same() -> None:
    two = [figure("old-p1-1", 1), figure("new-p1-1", 5)]
    (before,), (after,) = detect(made(*two)), detect(made(*two, figure("new-p1-2", 5)))
    assert before.iri == after.iri
    assert before != after


def test_foreign_data_have_no_conflicts() -> None:
    assert detect(made("<urn:g> { <urn:a> <urn:b> 1 . _:x <urn:b> 2 }")) == []


def test_odd_values_do_no_harm() -> None:
    odd = "id:o kel:measure 1 ; kel:value 'many' ; kel:periodStart 'soon' ; kel:plannedLatest id:x ; kel:latest 7 ."
    again = "id:o kel:value 3 ; kel:latest 'never' ; kel:office 5 ; kel:partOf id:o ; kel:place 'x' ."
    detect(made(claimed("old-p1-1", "asserted", odd), claimed("new-p1-1", "asserted", again)))
