"""Curated files as they are written: nothing changes but what is meant to, and what is written reads back the same."""

import re
from itertools import pairwise

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.curation.curated import Claim, parse, read_claims
from kg.curation.layout import Names, claim_of, render_claim, render_things
from kg.curation.passages import Passage
from kg.curation.shipped import packaged_data
from kg.curation.writing import ClaimName, ClaimsFile, ThingsFile
from kg.rdf.files import read_text
from ontology import KelisimError
from ontology.namespaces import CLAIM, CODE, ID, KEL, PREFIXES, RDF_TYPE, SRC

CLAIMS = sorted(f.name for f in packaged_data().joinpath("claims").iterdir() if f.name.endswith(".trig"))
THINGS = [
    *(f"entities/{f.name}" for f in packaged_data().joinpath("entities").iterdir() if f.name.endswith(".ttl")),
    *(f"passages/{f.name}" for f in packaged_data().joinpath("passages").iterdir() if f.name.endswith(".ttl")),
    "sources.ttl",
    "omissions.ttl",
]


def shipped(name: str) -> str:
    """The text of a curated file of the package."""
    return read_text(packaged_data().joinpath(name))


def content(text: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The facts and the records of the claims of a text, by their names."""
    claims = read_claims(text, "claims/a.trig")[0]
    facts = {c.name: {str(t) for t in c.facts} for c in claims}
    return facts, {c.name: {str(t) for ts in c.record.values() for t in ts} for c in claims}


def comments(text: str) -> list[str]:
    """The lines of a text that are comments, in order."""
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


@pytest.mark.parametrize("name", CLAIMS)
def test_that_each_claim_may_be_taken_out_and_put_back_at_its_place(name: str) -> None:
    text = shipped(f"claims/{name}")
    file = ClaimsFile.read(text, f"claims/{name}")
    assert list(map(ClaimName.parse, file.claims)) == sorted(map(ClaimName.parse, file.claims))
    for claim in [*file.claims.values()][:: max(1, len(file.claims) // 4)]:
        without = file.remove(claim.name)
        again = without.add(claim)
        assert claim.name not in without.claims
        assert without.claims.keys() | {claim.name} == file.claims.keys()
        assert comments(without.text) == comments(again.text) == comments(text)
        assert list(again.claims) == list(file.claims)
        assert content(again.text) == content(text)
        start, end = text.index(f"claim:{claim.name} {{"), text.find("\n\n", text.index(f"claim:{claim.name} a "))
        assert again.text[:start] == text[:start]
        assert end < 0 or again.text.endswith(text[end:])
        assert again.remove(claim.name).text == without.text


@pytest.mark.parametrize("name", CLAIMS)
def test_that_a_claim_replaced_by_itself_keeps_each_byte(name: str) -> None:
    file = ClaimsFile.read(shipped(f"claims/{name}"), f"claims/{name}")
    assert file.text == shipped(f"claims/{name}")
    assert file.ordered().text == file.text
    for claim in [*file.claims.values()][::60]:
        assert file.replace(claim).text == file.text


def test_that_what_is_written_looks_as_a_hand_wrote_it() -> None:
    """Near half of the shipped claims are the same to the byte, and most lines of the others; hands vary."""
    same = lines = alike = total = 0
    for name in CLAIMS:
        text = shipped(f"claims/{name}")
        for language in ("en", "ru"):
            text = re.sub(rf'"@{language} ,\n +"', f'"@{language} , "', text)
        for claim in read_claims(text, name)[0]:
            written = render_claim(claim)
            start = text.index(f"claim:{claim.name} {{")
            by_hand = text[start : text.find("\n\n", start)].rstrip("\n")
            total += 1
            same += written == by_hand
            lines += len(by_hand.splitlines())
            alike += len({*written.splitlines()} & {*by_hand.splitlines()})
    assert same > total * 0.45
    assert alike > lines * 0.8


@pytest.mark.parametrize("name", THINGS)
def test_that_a_thing_may_be_taken_out_and_put_back(name: str) -> None:
    file = ThingsFile.read(shipped(name), name)
    for iri in [*file.things][:: max(1, len(file.things) // 4)]:
        without = file.remove(iri)
        again = without.add(iri, file.things[iri])
        assert iri not in without.things
        assert {k: {*map(str, v)} for k, v in again.things.items()} == {
            k: {*map(str, v)} for k, v in file.things.items()
        }
        assert comments(without.text) == comments(again.text) == comments(file.text)
        assert file.replace(iri, file.things[iri]).text == file.text


def test_that_a_thing_stands_beside_those_of_its_kind() -> None:
    offices = ThingsFile.read(shipped("entities/offices.ttl"), "entities/offices.ttl")
    iri = ox.NamedNode(str(ID["president-of-tajikistan"]))
    told = offices.things[str(ID["president-of-belarus"])]
    state = ox.NamedNode(str(ID.tajikistan))
    triples = [
        ox.Triple(iri, t.predicate, state if t.predicate.value == PREFIXES["org"] + "postIn" else t.object)
        for t in told
    ]
    text = offices.add(iri.value, triples).text
    heads, csto = text.index("# ───────────────────────────── Heads of state"), text.index("CSTO ──")
    assert (
        heads
        < text.index("\nid:president-of-tajikistan a kel:Office ;\n    org:postIn id:tajikistan ; org:role")
        < csto
    )

    omissions = ThingsFile.read(shipped("omissions.ttl"), "omissions.ttl")
    parts: dict[str, ox.NamedNode | ox.Literal] = {
        "article": ox.NamedNode(str(SRC.izv24)),
        "paragraph": ox.Literal(11),
        "note": ox.Literal("x", language="en"),
    }
    iri = ox.NamedNode(str(SRC["izv24-p11-omission"]))
    triples = [ox.Triple(iri, ox.NamedNode(RDF_TYPE), ox.NamedNode(str(KEL.Omission)))]
    triples += [ox.Triple(iri, ox.NamedNode(str(KEL[name])), value) for name, value in parts.items()]
    lines = omissions.add(iri.value, triples).text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("src:izv24-p11"))
    assert lines[at] == (
        'src:izv24-p11-omission a kel:Omission ; kel:article src:izv24 ; kel:paragraph 11 ; kel:note "x"@en .'
    )
    assert lines[at - 1].startswith("src:izv24-p10-omission ")
    assert lines[at + 1].startswith("src:izv24-p12-omission ")


FILE = """# What X, says.

@prefix kel: <https://w3id.org/kelisim/ns#> .
@prefix claim: <https://w3id.org/kelisim/claim/> .
@prefix id: <https://w3id.org/kelisim/id/> .
@prefix src: <https://w3id.org/kelisim/source/> .

# Paragraph 2

claim:x-p2-1 {
    # about who comes
    id:a kel:visitor id:b ; # a guest
        kel:place id:c .
}
claim:x-p2-1 a kel:Claim ;
    # where
    kel:passage src:x-p2-s1 .

# Withdrawn: x-p2-2

# a remark on the third
claim:x-p2-3 { id:a kel:topic id:t . } # of little weight
claim:x-p2-3 a kel:Claim ; kel:passage src:x-p2-s3 .

# Paragraph 4
"""


def a_claim(name: str, subject: str = "a", passage: str = "") -> Claim:
    """A claim of one fact."""
    about, iri = ox.NamedNode(str(ID[subject])), ox.NamedNode(str(CLAIM) + name)
    record = [ox.Triple(iri, ox.NamedNode(RDF_TYPE), ox.NamedNode(str(KEL.Claim)))]
    if passage:
        record.append(ox.Triple(iri, ox.NamedNode(str(KEL.passage)), ox.NamedNode(str(SRC) + passage)))
    return claim_of(name, [ox.Triple(about, ox.NamedNode(str(KEL.kind)), ox.NamedNode(str(CODE.x)))], record)


def test_that_no_comment_is_lost() -> None:
    file = ClaimsFile.read(FILE, "claims/x.trig")
    told = sorted(c.partition("#")[2].strip() for c in FILE.splitlines() if "#" in c and "@prefix" not in c)
    for changed in (
        file.remove("x-p2-1"),
        file.remove("x-p2-3"),
        file.remove("x-p2-1").remove("x-p2-3"),
        file.replace(a_claim("x-p2-1")),
        file.replace(a_claim("x-p2-3")),
        file.add(a_claim("x-p2-4")),
        file.add(a_claim("x-p3-1")).remove("x-p3-1"),
    ):
        read = ClaimsFile.read(changed.text, file.name)
        assert read.claims.keys() == changed.claims.keys()
        for comment in told:
            assert f"# {comment}\n" in changed.text, (comment, changed.text)
    replaced = file.replace(a_claim("x-p2-1")).text
    assert "claim:x-p2-1 {\n    # about who comes\n" in replaced
    assert "a kel:Claim .\n\n# Withdrawn" in replaced.replace("\n    # where", "").replace("# where\n", "")


def test_where_a_claim_is_added() -> None:
    file = ClaimsFile.read(FILE, "claims/x.trig")
    text = file.add(a_claim("x-p2-4")).add(a_claim("x-p4-1")).add(a_claim("x-p3-1")).add(a_claim("x-p1-1")).text
    wanted: tuple[str, ...] = (
        "# Paragraph 1",
        "p1-1",
        "# Paragraph 2",
        "p2-1",
        "# Withdrawn",
        "p2-3",
        "p2-4",
        "# Paragraph 3",
        "p3-1",
    )
    wanted += ("# Paragraph 4", "p4-1")
    found = [text.index(w if w.startswith("#") else f"claim:x-{w} {{") for w in wanted]
    assert found == sorted(found)
    assert "@prefix id: <https://w3id.org/kelisim/id/> .\n@prefix code: <https://w3id.org/kelisim/code/> .\n" in text
    with pytest.raises(KelisimError, match="withdrawn"):
        file.add(a_claim("x-p2-2"))
    with pytest.raises(KelisimError, match=r"claims/x.trig:\d+: claim x-p2-3: stands here already"):
        file.add(a_claim("x-p2-3"))
    with pytest.raises(KelisimError, match="has no claim x-p2-9"):
        file.remove("x-p2-9")


def test_that_a_claim_in_between_raises_the_numbers_after_it() -> None:
    file = ClaimsFile.read(FILE, "claims/x.trig")
    assert str(file.number(Passage("x", 2, 2, 2))) == "x-p2-3"
    assert str(file.number(Passage("x", 2, 3, 3))) == "x-p2-4"
    assert str(file.number(Passage("x", 4, 1, 1))) == "x-p4-1"
    more = file.insert(a_claim("x-p2-1", "z"))
    assert list(more.claims) == ["x-p2-1", "x-p2-3", "x-p2-4"]
    assert "id/z>" in str(more.claims["x-p2-1"].facts)
    assert {*map(str, more.claims["x-p2-3"].facts)} == {*map(str, file.claims["x-p2-1"].facts)}
    assert "# Withdrawn: x-p2-2" in more.text


def test_that_a_graph_of_another_name_is_no_hindrance() -> None:
    odd = "\nclaim:odd { id:a kel:topic id:t . }\nclaim:odd a kel:Claim .\n"
    file = ClaimsFile.read(FILE + odd + "# Withdrawn: whatever\n", "claims/x.trig")
    assert list(file.add(a_claim("x-p2-4")).ordered().claims) == ["x-p2-1", "x-p2-3", "x-p2-4", "odd"]
    assert str(file.number(Passage("x", 2, 3, 3))) == "x-p2-4"
    assert "odd" not in file.remove("odd").claims


def test_that_claims_out_of_order_move_with_their_text() -> None:
    file = ClaimsFile.read(FILE, "claims/x.trig")
    mixed = file.rename({"x-p2-1": "x-p2-3", "x-p2-3": "x-p2-1"})
    assert list(mixed.claims) == ["x-p2-3", "x-p2-1"]
    ordered = mixed.ordered()
    assert list(ordered.claims) == ["x-p2-1", "x-p2-3"]
    assert content(ordered.text) == content(mixed.text)
    assert "claim:x-p2-1 { id:a kel:topic id:t . }" in ordered.text


def test_a_file_from_nothing() -> None:
    file = ClaimsFile.new("x", "X, May 2030")
    head = shipped("claims/mp23.trig").partition("\n# Paragraph")[0]
    assert file.text.replace("X, May 2030", "The Moscow Post, November 2023") == head
    one = file.add(a_claim("x-p3-1"))
    assert one.text == file.text + "\n# Paragraph 3\n\n" + render_claim(a_claim("x-p3-1")) + "\n"


IRIS = st.one_of(
    st.sampled_from([*PREFIXES.values()]).flatmap(
        lambda namespace: st.text("abcXYZ09-_.~é", max_size=9).map(lambda rest: namespace + rest)
    ),
    st.text("abc/?=&;:@é(),'*", min_size=1, max_size=9).map("http://example.org/".__add__),
).map(ox.NamedNode)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    ['"""', "\\", "a\nb", "# c", "} .", "\t\r"]
)
LITERALS = st.one_of(
    TEXTS.map(ox.Literal),
    st.builds(lambda t, lang: ox.Literal(t, language=lang), TEXTS, st.sampled_from(["en", "ru", "kk", "en-gb", "de"])),
    st.builds(
        lambda t, d: ox.Literal(t, datatype=ox.NamedNode(PREFIXES["xsd"] + d)),
        TEXTS | st.sampled_from(["1", "01", "+1", "-.5", "1.", "1.0", "true", "1", "1e3", ".", ""]),
        st.sampled_from(["integer", "decimal", "boolean", "double", "date", "string"]),
    ),
)
TRIPLES = st.builds(ox.Triple, IRIS, IRIS | st.just(ox.NamedNode(RDF_TYPE)), IRIS | LITERALS)
CLAIM_NAMES = st.builds(lambda p, n: f"x-p{p}-{n}", st.integers(1, 12), st.integers(1, 30))


@given(
    st.dictionaries(
        CLAIM_NAMES, st.tuples(st.lists(TRIPLES, min_size=1, max_size=5), st.lists(TRIPLES, max_size=3)), max_size=6
    )
)
@settings(max_examples=40, deadline=None)
def test_that_what_is_written_reads_back_the_same(claims: dict[str, tuple[list[ox.Triple], list[ox.Triple]]]) -> None:
    file = empty = ClaimsFile.new("x", "X")
    wanted: tuple[dict[str, set[str]], dict[str, set[str]]] = ({}, {})
    added: list[Claim] = []
    for name, (facts, described) in claims.items():
        record = [ox.Triple(ox.NamedNode(str(CLAIM) + name), t.predicate, t.object) for t in described]
        added.append(claim_of(name, facts, record))
        file = file.add(added[-1])
        wanted[0][name], wanted[1][name] = {str(t) for t in facts}, {str(t) for t in record}
    read = ClaimsFile.read(file.text, "claims/x.trig")
    assert content(read.text) == wanted
    assert content(empty.add(*added).text) == wanted
    assert comments(empty.add(*added).text) == comments(file.text)
    assert list(read.claims) == [str(n) for n in sorted(map(ClaimName.parse, claims))]
    headings = [int(line.split()[-1]) for line in comments(read.text)[1:]]
    assert headings == sorted({ClaimName.parse(name).paragraph for name in claims})
    assert all(a.end <= b.start for a, b in pairwise(read.places))
    for name in claims:
        read = read.remove(name)
    assert content(read.text) == ({}, {})


@given(st.lists(TRIPLES, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_that_things_read_back_the_same(triples: list[ox.Triple]) -> None:
    names = Names({})
    text = render_things(triples, names)
    document = ThingsFile("entities/x.ttl", "# x\n").with_prefixes(names.used)
    document = document.put(document.head or len(document.text), text)
    assert {str(q.triple) for q in parse(document.text, "x.ttl")} == {str(t) for t in triples}


def test_withdrawn_numbers_in_files_with_crlf() -> None:
    file = ClaimsFile.read(FILE.replace("\n", "\r\n"), "claims/x.trig")
    with pytest.raises(KelisimError, match="withdrawn"):
        file.add(a_claim("x-p2-2"))
