"""A lens is the dataset that would have been built of its claims alone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyoxigraph as ox
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kg.curation import dataset as building
from kg.curation.curated import Claim, Curation
from kg.curation.dataset import Dataset, build
from kg.engine.engine import Engine
from kg.lenses.building import LensTooLargeError, build_lens
from kg.lenses.names import Lens, LensError, parse
from kg.rdf.patches import diff
from ontology import INFERRED_GRAPH
from ontology.namespaces import (
    CLAIM,
    CODE,
    CONFLICT,
    ID,
    KEL,
    MODALITIES,
    PREFIXES,
    PUBLISHED_MODALITIES,
    RDF_TYPE,
    SRC,
)

MOST = 10_000_000
INFERRED = ox.NamedNode(INFERRED_GRAPH)
TYPE = ox.NamedNode(RDF_TYPE)
NAMES = [
    "everything",
    "as-of/2023-12-31",
    "as-of/1999-12-31",
    "source/izv24",
    "speaker/vladimir-putin",
    "modality/expected",
    "modality/denied",
    "everything/source/mp23",
    "as-of/2023-11-30/speaker/the-moscow-post",
    "speaker/izvestia/source/mp23",
]


def is_selected(claim: Claim, lens: Lens, latest: dict[str, str]) -> bool:
    """Whether a lens selects a claim, by the claim's record; `latest` are the dates of articles."""
    article = claim.value("passage").removeprefix(str(SRC)).partition("-")[0]
    return (
        lens.source in {"", article}
        and lens.speaker in {"", claim.value("speaker").removeprefix(str(ID))}
        and lens.modality in {"", claim.value("modality").removeprefix(str(CODE))}
        and (not lens.as_of or latest[article] <= lens.as_of)
    )


def dates(curation: Curation) -> dict[str, str]:
    """The day by which each article was published."""
    return {
        t.subject.value.removeprefix(str(SRC)): t.object.value
        for t in curation.reference
        if t.predicate.value == str(KEL.latest)
        and isinstance(t.subject, ox.NamedNode)
        and isinstance(t.object, ox.Literal)
        and t.subject.value.startswith(str(SRC))
    }


def subset(curation: Curation, lens: Lens) -> Dataset:
    """The dataset of the claims that the lens selects and of the reference data, made as the whole is made."""
    latest, stated = dates(curation), {t for claim in curation.claims for t in claim.facts}
    claims = tuple(claim for claim in curation.claims if is_selected(claim, lens, latest))
    # What a claim states too counts as the claim's, except for types.
    reference = tuple(t for t in curation.reference if t.predicate == TYPE or t not in stated)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "PUBLISHED_MODALITIES", MODALITIES if lens.shows_all else PUBLISHED_MODALITIES)
        return build(replace(curation, claims=claims, reference=reference))


def without_inferred(quads: Iterable[ox.Quad]) -> set[ox.Quad]:
    return {q for q in quads if q.graph_name != INFERRED}


def of_conflict(quad: ox.Quad) -> bool:
    """Whether it tells of a conflict between claims, which is found in the whole only."""
    return isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(str(CONFLICT))


def check(whole: Iterable[ox.Quad], found: ox.Store, wanted: Dataset) -> None:
    """The same default graph and claims; inferred is what was so in the whole and stands in the lens, and the new."""
    conflicts = {q for q in found if of_conflict(q)}
    assert conflicts <= {q for q in whole if of_conflict(q)}
    assert without_inferred(found) - conflicts == {q for q in without_inferred(wanted.quads) if not of_conflict(q)}
    inferred = {q.triple for q in found if q.graph_name == INFERRED}
    stands = {q.triple for q in without_inferred(found)}
    before = {q.triple for q in whole if q.graph_name == INFERRED}
    assert inferred <= stands
    assert before & stands <= inferred
    assert inferred <= before | {q.triple for q in wanted.quads if q.graph_name == INFERRED}


@pytest.mark.parametrize("name", NAMES)
def test_a_lens_is_what_would_be_built_of_its_claims(name: str, curation: Curation, dataset: Dataset) -> None:
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    found = build_lens(store, parse(name), MOST)
    check(dataset.quads, found, subset(curation, parse(name)))
    assert len(found) > 10_000


def test_the_latest_status_is_that_of_the_lens(engine: Engine, dataset: Dataset) -> None:
    """What was planned in 2023 is planned as of 2023, whatever 2024 tells; and no claim of 2024 is to be seen."""
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    early = build_lens(store, parse("as-of/2023-12-31"), MOST)
    latest = ox.NamedNode(str(KEL.latestStatus))
    now, then = ({q.triple for q in s.quads_for_pattern(None, latest, None, ox.DefaultGraph())} for s in (store, early))
    assert then - now or {t.subject for t in now} > {t.subject for t in then}
    assert then
    claims = {g.value for g in early.named_graphs() if g != INFERRED}
    assert claims == {c for c in dataset.named_graphs if c.startswith(f"{CLAIM}mp23")}
    assert not any("izv24-" in getattr(q.subject, "value", "") for q in early if q.predicate.value == str(KEL.modality))


def node(text: str) -> ox.NamedNode:
    prefix, _, local = text.partition(":")
    return ox.NamedNode(PREFIXES[prefix] + local)


THINGS = [f"id:t{n}" for n in range(5)]
PROPERTIES = [
    "kel:partOf", "kel:locatedIn", "kel:refArea", "kel:visitor", "kel:inPackage", "kel:outcomeOf", "kel:stageOf",
    "kel:atEvent", "org:subOrganizationOf", "kel:tenureOf", "kel:office",
]  # fmt: skip
STATUSES = ["code:status-held", "code:status-planned"]
CLASSES = ["kel:Event", "kel:Visit", "kel:Instrument", "kel:DocumentPackage", "kel:State", "kel:Project"]
FACTS = st.one_of(
    st.tuples(st.sampled_from(THINGS), st.sampled_from(PROPERTIES), st.sampled_from(THINGS)),
    st.tuples(st.sampled_from(THINGS), st.just("rdf:type"), st.sampled_from(CLASSES)),
    st.tuples(st.sampled_from(THINGS), st.just("kel:status"), st.sampled_from(STATUSES)),
)
ARTICLES = {"a1": "2020-01-01", "a2": "2021-06-30", "a3": "2023-11-30"}


@st.composite
def curations(draw: st.DrawFn) -> Curation:
    """Claims of three articles about few things, so that much follows from several together."""
    reference = [(f"id:r{n}", "rdf:type", "kel:Place") for n in range(2)] + [
        ("id:r2", "rdf:type", "kel:TradeObservation")
    ]
    reference += [
        ("id:r0", "kel:locatedIn", "id:r1"),
        ("id:r1", "kel:locatedIn", "id:t0"),
        ("id:r2", "kel:refArea", "id:t1"),
    ]
    reference += [(f"src:{a}", "rdf:type", "kel:Article") for a in ARTICLES]
    reference += [(f"src:{a}-p1", "rdf:type", "kel:Passage") for a in ARTICLES]
    triples = [ox.Triple(node(s), node(p), node(o)) for s, p, o in reference]
    day = PREFIXES["xsd"] + "date"
    triples += [
        ox.Triple(node(f"src:{a}"), node("kel:latest"), ox.Literal(date, datatype=ox.NamedNode(day)))
        for a, date in ARTICLES.items()
    ]
    triples += [ox.Triple(node(f"src:{a}-p1"), node("kel:article"), node(f"src:{a}")) for a in ARTICLES]
    claims = []
    for number in range(draw(st.integers(1, 7))):
        iri = f"claim:c{number}"
        record = {
            "rdf:type": "kel:Claim",
            "kel:modality": f"code:{draw(st.sampled_from(MODALITIES))}",
            "kel:speaker": f"id:{draw(st.sampled_from(['ann', 'bob']))}",
            "kel:passage": f"src:{draw(st.sampled_from(sorted(ARTICLES)))}-p1",
        }
        facts = {ox.Triple(node(s), node(p), node(o)) for s, p, o in draw(st.lists(FACTS, min_size=1, max_size=4))}
        told = {node(p).value: [ox.Triple(node(iri), node(p), node(o))] for p, o in record.items()}
        claims.append(Claim(node(iri).value, "made-up", 1, tuple(facts), told))
    return Curation(tuple(claims), tuple(triples))


LENSES = st.builds(
    Lens,
    st.sampled_from(["", "2019-01-01", "2021-06-30", "2022-01-01"]),
    st.sampled_from(["", "a2"]),
    st.sampled_from(["", "ann"]),
    st.sampled_from(["", "reported", "expected"]),
    st.booleans(),
).filter(lambda lens: bool(lens.path))


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # each takes a second
@given(st.lists(curations(), min_size=1, max_size=2), LENSES)
def test_a_lens_follows_from_any_claims_and_changes(curated: Sequence[Curation], lens: Lens) -> None:
    engine, quads = Engine([]), set[ox.Quad]()
    for curation in curated:
        whole = {*build(curation).quads}
        engine.apply(diff(quads, whole))
        quads = whole
        try:
            found = engine.lenses.get(lens)
        except LensError:
            assert not any(is_selected(claim, lens, dates(curation)) for claim in curation.claims)
            continue
        if lens == Lens(everything=True):
            assert INFERRED in {*found.named_graphs()}
        check(quads, found, subset(curation, lens))


def test_other_graphs_are_seen_through_everything_alone(dataset: Dataset) -> None:
    """And what stands in one of them is reference data all the same."""
    label = next(q for q in dataset.quads if q.predicate.value.endswith("#label") and q.graph_name == ox.DefaultGraph())
    other = ox.Quad(label.subject, label.predicate, label.object, ox.NamedNode("http://e.org/other"))
    store = ox.Store()
    store.bulk_extend([*dataset.quads, other])
    assert {*build_lens(store, parse("everything"), MOST)} >= {label, other}
    narrow = build_lens(store, parse("as-of/2023-12-31"), MOST)
    assert label in narrow
    assert other not in narrow


def test_a_lens_that_is_too_large_is_refused(dataset: Dataset) -> None:
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    size = len(build_lens(store, parse("speaker/vladimir-putin"), MOST))
    build_lens(store, parse("speaker/vladimir-putin"), 2 * size)  # triples that several claims hold count for each
    with pytest.raises(LensTooLargeError):
        build_lens(store, parse("speaker/vladimir-putin"), size - 200)
