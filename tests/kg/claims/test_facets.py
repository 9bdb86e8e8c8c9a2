"""Facets of claims against brute force over the dataset, and tables that follow changes."""

import random
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from kg.claims.facets import FACETS, ClaimTable, Selection
from kg.claims.kinds import OTHER, TITLES, kind_of
from kg.claims.lists import counts, restriction
from kg.claims.reading import claims_with_words, count_by_facet, follow_records, read_records
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.history.changes import NetChange
from kg.store.reader import Reader
from ontology import INFERRED_GRAPH
from ontology.namespaces import CODE, ID, KEL, PREFIXES, SRC


@pytest.fixture(scope="module")
def reader(engine: Engine) -> Reader:
    return Reader(engine)


@pytest.fixture(scope="module")
def table(reader: Reader) -> ClaimTable:
    return read_records(reader).table


def asked(reader: Reader, pattern: str) -> set[str]:
    """The claims of a pattern."""
    query = f"PREFIX kel: <{KEL}> PREFIX id: <{ID}> PREFIX code: <{CODE}> PREFIX src: <{SRC}> "
    rows = reader.rows(f"{query} SELECT DISTINCT ?claim WHERE {{ ?claim a kel:Claim . {pattern} }} LIMIT 10000")
    return {str(row["claim"].value) for row in rows}


def chosen(table: ClaimTable, **facets: tuple[str, ...]) -> set[str]:
    return {table.claims[n].iri for n in table.select(Selection(facets))}


def test_all_claims_are_in_the_table_in_the_order_of_the_text(reader: Reader, table: ClaimTable) -> None:
    assert {claim.iri for claim in table.claims} == asked(reader, "")
    assert len(table.claims) > 600
    assert [claim.article for claim in table.claims] == sorted(
        (c.article for c in table.claims), key=lambda a: -("24" in a)
    )
    for article in {claim.article for claim in table.claims}:
        paragraphs = [claim.paragraph for claim in table.claims if claim.article == article]
        assert paragraphs == sorted(paragraphs)
        assert paragraphs[0] > 0


@pytest.mark.parametrize(
    ("facets", "pattern"),
    [
        ({"speaker": (f"{ID}yury-ushakov",)}, "?claim kel:speaker id:yury-ushakov"),
        (
            {"speaker": (f"{ID}yury-ushakov", f"{ID}izvestia")},
            "VALUES ?who { id:yury-ushakov id:izvestia } ?claim kel:speaker ?who",
        ),
        ({"certainty": (f"{CODE}denied",)}, "?claim kel:modality code:denied"),
        ({"article": (f"{SRC}mp23",)}, "?claim kel:passage/kel:article src:mp23"),
        ({"thing": (f"{ID}kazakhstan", f"{ID}russia")}, "?claim kel:about id:kazakhstan , id:russia"),
        ({"topic": (f"{ID}topic-nuclear-power",)}, "?claim kel:about id:topic-nuclear-power"),
        ({"kind": ("figure",)}, "GRAPH ?claim { ?figure a kel:Observation }"),
        (
            {"thing": (f"{ID}kazakhstan",), "certainty": (f"{CODE}planned", f"{CODE}expected"), "year": ("2024",)},
            (
                "?claim kel:about id:kazakhstan ; kel:passage/kel:article src:izv24 ; kel:modality ?how "
                "FILTER(?how IN (code:planned, code:expected))"
            ),
        ),
    ],
)
def test_a_selection_is_what_sparql_finds(
    reader: Reader, table: ClaimTable, facets: dict[str, tuple[str, ...]], pattern: str
) -> None:
    found = chosen(table, **facets)
    assert found == asked(reader, pattern)
    assert 0 < len(found) < len(table.claims)


def selections(table: ClaimTable) -> Iterator[Selection]:
    """Selections of one to three facets with one or two values, drawn from values that claims have."""
    draw = random.Random(7)
    for _ in range(60):
        facets = draw.sample(FACETS, draw.randint(1, 3))
        values = {f.name: [v for claim in table.claims for v in f.values(claim)] for f in facets}
        yield Selection(
            {name: tuple(dict.fromkeys(draw.choices(of, k=draw.randint(1, 2)))) for name, of in values.items()}
        )


def test_a_count_is_what_choosing_gives(table: ClaimTable) -> None:
    compared = 0
    for selection in selections(table):
        found = table.counts(selection, table.select(selection))
        for facet in FACETS:
            has = selection.chosen.get(facet.name, ())
            for value, number in found[facet.name].most_common(3):
                one = (*has, value) if facet.narrows and value not in has else has if facet.narrows else (value,)
                after = Selection({**selection.chosen, facet.name: one})
                assert len(table.select(after)) == number
                compared += 1
    assert compared > 300


def test_a_record_that_is_chosen_is_counted_beside_others(table: ClaimTable) -> None:
    record = f"{ID}obs-kz-ru-trade-2023"
    selection = Selection({"thing": (record,)})
    selected = table.select(selection)
    assert selected
    assert table.counts(selection, selected)["thing"][record] == len(selected)
    assert record not in table.counts(Selection(), table.select(Selection()))["thing"], "it is not offered"


def test_days_leave_articles_that_may_have_appeared_then(table: ClaimTable) -> None:
    def articles(since: str, until: str) -> set[str]:
        found = table.select(Selection(since=since, until=until))
        return {table.claims[n].article.removeprefix(str(SRC)) for n in found}

    assert articles("", "") == {"izv24", "mp23"}
    assert articles("2024-01-01", "") == {"izv24"}
    assert articles("", "2023-11-09") == {"mp23"}
    assert articles("2024-11-27", "2024-11-27") == {"izv24"}
    assert articles("2024-11-28", "") == set()


def test_words_are_found_in_every_language_in_capitals_or_not(reader: Reader) -> None:
    english, russian = claims_with_words(reader, "PUTIN kazakhstan"), claims_with_words(reader, "путин казахстан")
    assert len(english) > 20
    assert len(russian & english) > 20
    assert claims_with_words(reader, 'no"quote\\') == frozenset()


def test_each_claim_has_one_kind_and_most_a_telling_one(table: ClaimTable) -> None:
    kinds = [claim.kind for claim in table.claims]
    assert set(kinds) <= TITLES.keys()
    assert kinds.count(OTHER) < len(kinds) / 10
    assert kind_of([PREFIXES["foaf"] + "Person"]) == OTHER
    assert kind_of([str(KEL.Event), str(KEL.StageEvent)]) == "stage"


def test_links_to_the_list_count_what_it_shows(reader: Reader, table: ClaimTable) -> None:
    for thing in ("vladimir-putin", "kazakhstan", "topic-trade", "obs-kz-ru-trade-2023", "astana"):
        found = count_by_facet(reader, f"{ID}{thing}")
        assert found
        assert found == {facet: len(chosen(table, **{facet: (f"{ID}{thing}",)})) for facet in found}
    assert count_by_facet(reader, f"{SRC}izv24")["article"] == len(chosen(table, article=(f"{SRC}izv24",)))
    assert count_by_facet(reader, f"{CODE}denied")["certainty"] == len(chosen(table, certainty=(f"{CODE}denied",)))
    assert count_by_facet(reader, f"{ID}nobody") == {}


def test_facets_of_lists_count_what_choosing_leaves(reader: Reader) -> None:
    pattern = f"?thing a <{KEL.Event}>"
    first = {"speaker": (f"{ID}izvestia",)}
    found = counts(reader, pattern, first)
    assert all(found.values())

    def left(choice: dict[str, tuple[str, ...]]) -> int:
        rows = reader.rows(f"SELECT DISTINCT ?thing WHERE {{ {pattern} {restriction(choice)} }} LIMIT 1000")
        return len(rows)

    for facet, of in found.items():
        for value, number in of.items():
            assert left({**first, facet: (value,)}) == number
    assert restriction({"speaker": ()}) == ""


def state(table: ClaimTable) -> list[object]:
    return [(c.iri, *(sorted(f.values(c)) for f in FACETS), c.paragraph, sorted(c.records)) for c in table.claims]


def test_a_table_follows_changes_and_leaves_the_old_one(dataset: Dataset) -> None:
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    records = read_records(Reader(Engine(store)))
    draw = random.Random(3)
    relevant = [quad for quad in dataset.quads if INFERRED_GRAPH not in str(quad.graph_name)]
    gone: list[ox.Quad] = []
    for _ in range(6):
        before, seen = state(records.table), records.table
        deleted = draw.sample([quad for quad in relevant if quad in store], 1500)
        added, gone = gone, deleted
        for quad in deleted:
            store.remove(quad)
        for quad in added:
            store.add(quad)
        lines = [
            tuple(f"{quad} .\n".encode() for quad in quads)
            for quads in (set(deleted) - {*added}, set(added) - {*deleted})
        ]
        records = follow_records(records, NetChange(*lines))
        fresh = read_records(Reader(Engine(store))).table
        assert state(records.table) == state(fresh)
        assert state(seen) == before
    assert len(records.table.claims) > 100


def test_nothing_to_follow_makes_no_new_table(dataset: Dataset) -> None:
    records = read_records(Reader(Engine(dataset.quads)))
    table = records.table
    line = f'<{ID}astana> <{KEL.note}> "x" .\n'.encode()
    assert follow_records(records, NetChange((), (line,))).table is table
