"""The full-text index after changes: the one that would be built anew, but for the numbers of rows."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.rdf.patches import diff, quad_lines
from kg.search.following import replace_texts, touched
from kg.search.index import Index
from kg.search.matching import candidates
from kg.search.search import correction, search
from kg.search.texts import KINDS, read_texts, texts_of
from kg.store.reader import Reader
from ontology.namespaces import ID, KEL, RDF_TYPE

NAMES = ("Қазақстан", "Kazakhstan Republic", "Алматы қаласы", "Almaty", "É́tat", "U.S.A.", "river talks", "х", "2030")
THINGS = [ox.NamedNode(f"{ID}{name}") for name in ("a", "b", "c", "d")]

literals = st.builds(
    lambda text, language: ox.Literal(text, language=language or None),
    st.sampled_from(NAMES),
    st.sampled_from(("en", "")),
)
values = st.one_of(literals, st.sampled_from([ox.NamedNode("http://www.wikidata.org/entity/Q232")]))
texts = st.builds(ox.Quad, st.sampled_from(THINGS), st.sampled_from([ox.NamedNode(iri) for iri in KINDS]), values)
classes = st.builds(
    ox.Quad,
    st.sampled_from(THINGS),
    st.just(ox.NamedNode(RDF_TYPE)),
    st.sampled_from([ox.NamedNode(str(KEL[name])) for name in ("State", "Claim", "Event")]),
)
graphs = st.sampled_from([ox.DefaultGraph(), ox.NamedNode("x:c1"), ox.NamedNode("x:c2")])
quads = st.builds(lambda q, graph: ox.Quad(q.subject, q.predicate, q.object, graph), st.one_of(texts, classes), graphs)
states = st.sets(quads, max_size=8)


def contents(index: Index) -> list[Counter[tuple[Any, ...]]]:
    """All that the index holds, without the numbers of rows."""
    with index.reading() as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, words, instance)")

        def rows(query: str) -> Counter[tuple[Any, ...]]:
            return Counter(connection.execute(query).fetchall())

        found = [
            rows("SELECT thing, class, kind, weight, language, text FROM texts"),
            rows("SELECT thing, text, folded, sound, entity FROM names JOIN texts USING (id)"),
            rows("SELECT term, col, offset, thing, text FROM temp.held JOIN texts ON doc = id"),
            rows("SELECT word, count FROM vocabulary"),
            rows("SELECT gram, count FROM name_grams_counts"),
            rows("SELECT gram, count FROM word_grams_counts"),
        ]
        connection.execute("DROP TABLE temp.held")
    return found


def answers(index: Index) -> list[object]:
    """What searches find, with the order of what is equally good left out."""
    found: list[object] = []
    for name in (*NAMES, "Kazakstan", "Алматыда", "rivver"):
        page = search(index, name)
        found += [sorted((hit.thing, hit.class_iri) for hit in page.hits), page.total, page.classes, page.partial]
        found += [{(c.thing, c.score, c.exact) for c in candidates(index, name)}, correction(index, name)]
        with index.reading() as connection:
            ranked = "SELECT text, round(rank, 6) FROM words JOIN texts ON words.rowid = id WHERE words MATCH ?"
            found.append(Counter(connection.execute(ranked, (f'"{name.split()[0].lower().strip(".")}"*',)).fetchall()))
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(states, min_size=2, max_size=4))
def test_the_index_after_random_changes_is_the_one_built_anew(several: list[set[ox.Quad]]) -> None:
    engine = Engine(several[0])
    reader = Reader(engine)
    index = Index(read_texts(reader))
    for before, after in pairwise(several):
        patch = diff(before, after)
        engine.apply(patch)
        things = touched(quad_lines([*patch.deletes, *patch.adds]))
        replace_texts(index, things, texts_of(reader, things))
        anew = Index(read_texts(reader))
        assert contents(index) == contents(anew)
        assert answers(index) == answers(anew)


def test_things_with_escapes_in_their_iris_are_found() -> None:
    thing = ox.NamedNode("x:é")
    quad = ox.Quad(thing, ox.NamedNode(next(iter(KINDS))), ox.Literal("Étage"))
    assert touched(quad_lines([quad])) == {thing.value}
    assert touched([rb'<x:\u00E9> <%b> "a" .' % next(iter(KINDS)).encode()]) == {thing.value}
    assert touched(quad_lines([ox.Quad(thing, ox.NamedNode("x:p"), ox.Literal("a"))])) == set()


def test_a_failed_change_leaves_the_index_as_it_was() -> None:
    engine = Engine([ox.Quad(THINGS[0], ox.NamedNode(next(iter(KINDS))), ox.Literal("Almaty"))])
    index = Index(read_texts(Reader(engine)))
    before = contents(index)
    broken = [*texts_of(Reader(engine), [THINGS[0].value])]
    object.__setattr__(broken[0], "kind", "unknown")
    try:
        replace_texts(index, [THINGS[0].value], broken)
    except KeyError:
        assert contents(index) == before
    else:
        raise AssertionError("the unknown kind was taken")
