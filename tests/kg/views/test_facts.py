"""The view of a thing: facts, dates and backlinks with their footnotes, and contradictions between claims."""

import pyoxigraph as ox
import pytest

from kg.engine.engine import Engine
from kg.language.labels import Label, labels
from kg.store.reader import Reader
from kg.views.claims import read_claim
from kg.views.contested import comparable_figures, contradictions
from kg.views.facts import WINDOW, facts_about
from kg.views.footnotes import footnotes
from kg.views.surroundings import surroundings
from kg.views.things import Thing, describe
from kg.views.vocabulary import ontology_terms
from ontology import read_graph
from ontology.namespaces import CLAIM, CODE, ID, KEL, ONTOLOGY_IRI, PREFIXES, SRC

VISIT = str(ID["putin-state-visit-kazakhstan-2024"])
PREFIX = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())


@pytest.fixture(scope="module")
def reader(engine: Engine) -> Reader:
    return Reader(engine)


def made(trig: str) -> Reader:
    """Reads a graph made up for one test."""
    return Reader(Engine(ox.parse(PREFIX + trig, format=ox.RdfFormat.TRIG)))


def claimed(name: str, modality: str, facts: str) -> str:
    """A claim with a record, in TriG, and its facts in the default graph too where it is sure enough."""
    record = f"claim:{name} a kel:Claim ; kel:passage src:a-p1-s1 ; kel:speaker id:s ; kel:modality code:{modality} ."
    return f"claim:{name} {{ {facts} }}\n{record}\n" + (facts if modality == "asserted" else "")


def thing(reader: Reader, slug: str, language: str = "en", part: str = "", after: int = 0) -> Thing:
    found = describe(reader, str(ID[slug]), language, part, after)
    assert found is not None
    return found


def values(found: Thing, name: str) -> dict[str, tuple[set[str], str]]:
    """The values of a property with the claims that say them, and the modality where none of these is sure."""
    return {
        fact.iri or fact.value.value: (
            {c.removeprefix(str(CLAIM)) for c in fact.claims},
            note.modality_code if (note := found.doubt(fact.claims)) else "",
        )
        for _, lines in found.groups
        for line in lines
        if line.predicate == str(KEL[name])
        for fact in line.facts
    }


def test_facts_have_the_claims_that_say_them(reader: Reader) -> None:
    visit = thing(reader, "putin-state-visit-kazakhstan-2024")
    assert str(visit.label) == "Putin's state visit to Kazakhstan, November 2024"
    assert values(visit, "visitor") == {str(ID["vladimir-putin"]): ({"izv24-p6-1", "izv24-p11-1", "izv24-p13-1"}, "")}
    topics = values(visit, "topic")
    assert topics[str(ID["topic-gasification"])] == ({"izv24-p25-7"}, "denied")
    assert topics[str(ID["topic-oil-transit"])][1] == "possible"


def test_footnotes_say_who_where_and_how_surely(reader: Reader) -> None:
    visit = thing(reader, "putin-state-visit-kazakhstan-2024", "ru")
    claim = str(CLAIM["izv24-p25-7"])
    ((number, note),) = visit.notes([claim])
    assert list(visit.footnotes)[number - 1] == claim
    assert (note.speaker, note.speaker_label.text) == (str(ID["andrei-grozin"]), "Андрей Грозин")
    assert (note.article, note.paragraph, note.passage) == (str(SRC["izv24"]), 25, note.passage)
    assert note.passage.startswith(str(SRC["izv24-p25-s"]))
    assert (note.modality_code, note.surely) == ("denied", False)
    assert note.gloss_language == "ru"
    cited = {c for _, lines in visit.groups for line in lines for fact in line.facts for c in fact.claims}
    assert cited <= set(visit.footnotes)


def test_claims_without_a_record_have_no_footnote(reader: Reader) -> None:
    real = str(CLAIM["izv24-p6-1"])
    assert list(footnotes(reader, [str(CLAIM["nothing"]), real], "en")) == [real]


def test_dates_are_planned_or_held_stated_or_inferred(reader: Reader) -> None:
    (planned,) = thing(reader, "putin-state-visit-kazakhstan-2024").moments
    assert (planned.kind, planned.first, planned.last) == ("planned", "2024-11-27", "2024-11-28")
    assert planned.edtf == "2024-11-27/2024-11-28"
    assert planned.inferred
    assert {c.removeprefix(str(CLAIM)) for c in planned.claims} == {"izv24-p11-1", "izv24-p13-1"}
    (held,) = thing(reader, "putin-state-visit-kazakhstan-2015").moments
    assert (held.kind, held.edtf) == ("held", "2015-10")
    (period,) = thing(reader, "obs-kz-ru-trade-2023").moments
    assert (period.kind, period.first, period.last, period.inferred) == ("period", "2023-01-01", "2023-12-31", False)


def test_the_timeline_is_in_order(reader: Reader) -> None:
    state = thing(reader, "kazakhstan")
    steps = [
        (entry.moments[0].first, entry.iri.removeprefix(str(ID)), entry.moments[0].kind) for entry in state.timeline
    ]
    assert steps == sorted(steps)
    assert ("2015-10-01", "putin-state-visit-kazakhstan-2015", "held") in steps
    assert ("2024-11-27", "putin-state-visit-kazakhstan-2024", "planned") in steps


def test_what_points_to_a_thing_is_in_sections(reader: Reader) -> None:
    state = thing(reader, "kazakhstan", part="documents")
    (table,) = state.tables
    assert table.total == len(table.entries)
    entries = {entry.iri.removeprefix(str(ID)): entry for entry in table.entries}
    stages = {f.iri for s in entries["joint-statement-2024"].stages for f in s.cells[str(KEL.stage)]}
    assert stages == {str(CODE["stage-signature-planned"])}
    assert entries["joint-statement-2024"].roles == (str(KEL.party),)
    assert not state.groups
    whole = {s.section.name: s for s in thing(reader, "kazakhstan").tables}
    assert whole["figures"].total > len(whole["figures"].entries) == 10
    assert "claims" not in whole


def test_a_speaker_has_the_claims_that_rest_on_it(reader: Reader) -> None:
    grozin = thing(reader, "andrei-grozin", part="said")
    assert grozin.referring
    assert grozin.referring_total == len(grozin.referring)
    assert {note.speaker for note in grozin.referring} == {str(ID["andrei-grozin"])}


def test_figures_that_differ_contradict_each_other(reader: Reader) -> None:
    one, other = (str(ID[name]) for name in ("obs-ru-direct-investment-kz", "obs-ru-direct-investment-kz-mp23"))
    own, rival = thing(reader, "obs-ru-direct-investment-kz").contradicting
    assert (own.iri, rival.iri) == (one, other)
    assert [f.value.value for f in rival.cells[str(KEL.value)]] == ["17000000000"]
    figures = thing(reader, "kazakhstan", part="figures").tables[0].entries
    assert {entry.iri: entry.contradicted_by for entry in figures if entry.contradicted_by} == {
        one: (other,),
        other: (one,),
    }


def test_figures_of_different_periods_do_not(reader: Reader) -> None:
    year = str(ID["obs-kz-ru-trade-2023"])
    others = set(comparable_figures(reader, facts_about(reader, [year])[year]))
    assert str(ID["obs-kz-ru-trade-9m-2024"]) in others
    assert not thing(reader, "obs-kz-ru-trade-2023").contradicting
    figure = "a kel:Observation ; kel:measure code:m ; kel:refArea id:a ; kel:counterpartArea id:b ; kel:unit unit:NUM"
    period = 'kel:periodStart "2023-01-01"^^xsd:date ; kel:periodEnd "2023-12-31"^^xsd:date'
    told = made(
        claimed("a-1", "asserted", f"id:x {figure} ; {period} ; kel:value 1 .")
        + claimed("a-2", "asserted", f"id:y {figure} ; {period} ; kel:value 2 .")
        + claimed("a-3", "asserted", f"id:z {figure} ; {period} ; kel:value 1 .")
    )
    ids = {name: str(ID[name]) for name in "xyz"}
    assert contradictions(facts_about(told, ids.values())) == {
        ids["x"]: [ids["y"]],
        ids["y"]: [ids["x"], ids["z"]],
        ids["z"]: [ids["y"]],
    }


def test_claims_that_clash_are_marked() -> None:
    told = made(
        claimed("a-1", "asserted", "id:v a kel:Visit ; kel:visitLevel code:visit-state ; kel:topic id:t , id:u .")
        + claimed("a-2", "expected", "id:v kel:visitLevel code:visit-working .")
        + claimed("a-3", "denied", "id:v kel:topic id:t .")
    )
    visit = thing(told, "v")
    assert {line.predicate: line.contested for _, lines in visit.groups for line in lines} == {
        PREFIXES["rdf"] + "type": False,
        str(KEL.visitLevel): True,
        str(KEL.topic): False,
    }
    disputed = {f.iri: visit.disputed(f) for _, ls in visit.groups for line in ls for f in line.facts}
    assert [iri for iri, is_so in disputed.items() if is_so] == [str(ID.t)]


@pytest.mark.parametrize(("other", "clash"), [("2024-11-29", True), ("2024-11-28", False)])
def test_dates_without_a_common_day_clash(other: str, clash: bool) -> None:
    def dated(first: str, last: str) -> str:
        return f'id:v kel:plannedEarliest "{first}"^^xsd:date ; kel:plannedLatest "{last}"^^xsd:date .'

    told = made(
        claimed("a-1", "planned", dated("2024-11-27", "2024-11-28")) + claimed("a-2", "planned", dated(other, other))
    )
    visit = thing(told, "v")
    assert len(visit.moments) == 2
    assert visit.dates_contested is clash


def test_what_many_things_point_to_comes_in_pages() -> None:
    count = 2 * WINDOW + 50
    claims = "".join(claimed(f"a-{n}", "asserted", f"id:e{n} a kel:Event ; kel:kind id:hub .\n") for n in range(count))
    told = made(claims)
    pages = [thing(told, "hub", after=after, part="events") for after in (0, WINDOW, 2 * WINDOW)]
    assert [page.more for page in pages] == [True, True, False]
    met = [entry.iri for page in pages for entry in page.tables[0].entries]
    assert sorted(met) == sorted(str(ID[f"e{n}"]) for n in range(count))
    assert describe(told, str(ID.hub), "en", after=count) is None


def test_an_unknown_thing_is_none(reader: Reader) -> None:
    assert describe(reader, str(ID["no-such-thing"]), "en") is None
    assert describe(Reader(Engine([])), VISIT, "en") is None
    assert read_claim(reader, str(CLAIM["no-such-claim"]), "en") is None


def test_names_are_in_the_language_or_the_next_best(reader: Reader) -> None:
    astana, nothing = str(ID.astana), str(ID["no-such-thing"])
    assert labels(reader, [astana, nothing], "kk") == {
        astana: Label("Астана", "kk"),
        nothing: Label("id:no-such-thing"),
    }
    told = made('id:a rdfs:label "ein"@de , "one"@en . id:b rdfs:label "zwei"@de . id:c skos:prefLabel "drei"@ru .')
    found = labels(told, [str(ID[name]) for name in "abc"], "ru")
    assert [str(found[str(ID[name])]) for name in "abc"] == ["one", "zwei", "drei"]


def test_a_thing_of_claims_in_doubt_alone_has_its_name(reader: Reader) -> None:
    figure = str(ID["obs-kz-ru-joint-ventures-count"])
    assert not reader.ask(f"ASK {{ <{figure}> <{KEL.value}> ?o }}")
    assert "joint" in str(labels(reader, [figure], "en")[figure]).lower()
    assert labels(reader, [figure], "kk")[figure].language == "kk"


def test_links_leave_out_the_records_of_claims(reader: Reader) -> None:
    found = surroundings(reader, str(CODE.planned)).links
    assert not [link for link in found if link.predicate == str(KEL.modality)]


def test_a_claim_has_its_facts_and_the_curators_remark(reader: Reader) -> None:
    claim = read_claim(reader, str(CLAIM["izv24-p6-1"]), "en")
    assert claim is not None
    facts = {(f.predicate, f.iri) for f in claim.facts[VISIT]}
    assert (str(KEL.visited), str(ID.kazakhstan)) in facts
    assert str(claim.remark).startswith("A headline without a verb")
    assert claim.record.paragraph == 6


def test_the_vocabulary_has_every_term() -> None:
    graph = read_graph("core.ttl")
    ours = {str(s) for s in graph.subjects() if str(s).startswith(str(KEL))}
    terms = {term.iri: term for term in ontology_terms()}
    assert set(terms) == ours | {ONTOLOGY_IRI}
    assert all(term.text("skos:definition", "en").text for term in terms.values() if term.kind != "ontology")
    visit = terms[str(KEL.Visit)]
    assert (visit.name, visit.kind, visit.iris("rdfs:subClassOf")) == ("Visit", "class", [str(KEL.Event)])
    assert str(visit.text("rdfs:label", "ru")) == "визит"
    assert terms[str(KEL.value)].iris("rdfs:range") == [PREFIXES["xsd"] + "decimal"]
