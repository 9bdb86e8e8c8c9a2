"""Two curations of an article that differ in known ways: what is aligned, counted and told."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.agreement.comparison import Comparison, compare
from kg.agreement.content import QUALIFIERS, REIFIED, WORDS
from kg.agreement.differences import Sort
from kg.agreement.measures import Overlap
from kg.checks.collection import curated_texts, local
from kg.checks.terms import terms
from kg.curation.writing import ClaimsFile
from ontology import KelisimError
from ontology.namespaces import ID
from tests.kg.agreement.curations import block_of, both, changed, claims_of, shuffled, without, write

IZV = "izv24"
TRADE = "izv24-p32-4"
"""A claim of a figure, with one value of each sort of property."""


@pytest.fixture(scope="session")
def text() -> str:
    return claims_of(IZV)


@pytest.fixture(scope="session")
def names(text: str) -> list[str]:
    return [*ClaimsFile.read(text, "claims/izv24.trig").claims]


@pytest.fixture(scope="session")
def small(text: str, names: list[str]) -> str:
    """The claims of a few paragraphs."""
    return without(text, [n for n in names if not n.startswith(("izv24-p11-", "izv24-p32-"))])


def told(comparison: Comparison) -> list[tuple[Sort, list[str], list[str], list[str]]]:
    """The differences: sort, claims of A and of B, aspects."""
    return [
        (d.sort, [c.name for c in d.a], [c.name for c in d.b], [x.name for x in d.aspects])
        for d in comparison.differences
    ]


@pytest.mark.parametrize("article", ["izv24", "mp23"])
def test_a_curation_agrees_with_itself_in_all(tmp_path: Path, article: str) -> None:
    text = claims_of(article)
    found = both(tmp_path, text, text, article)
    count = len(ClaimsFile.read(text, "claims/x.trig").claims)
    assert count > 300
    m = found.measures
    assert m.aligned == m.same_fact == m.identical == Overlap(count, count, count)
    assert m.identical.f1 == m.identical.in_a == 1
    assert {m.speaker.value, m.modality.value, m.kind.value, m.code.value} == {1}
    assert m.passages.value == m.passages_by_kind.value == 1
    assert all(p.a.claim.name == p.b.claim.name for p in found.alignment.pairs)
    assert told(found) == []
    assert found.alignment.names == {}


def test_what_is_left_out_and_told_otherwise_is_counted(tmp_path: Path, text: str, names: list[str]) -> None:
    dropped = names[10::60][:5]
    file = without(text, dropped)
    others = ["izv24-p11-10", "izv24-p11-11", "izv24-p11-12"]
    assert not {*dropped} & {*others}
    for name in others:
        file = changed(file, name, "kel:speaker id:kremlin", "kel:speaker id:izvestia")
    found = both(tmp_path, text, file)
    n, m = len(names), found.measures
    assert m.aligned == m.same_fact == Overlap(n - 5, n, n - 5)
    assert m.same_fact.in_a == pytest.approx((n - 5) / n)
    assert m.same_fact.in_b == 1
    assert m.same_fact.f1 == pytest.approx(2 * (n - 5) / (2 * n - 5))
    assert m.identical == Overlap(n - 8, n, n - 5)
    assert m.modality.value == m.kind.value == 1
    speakers = [(p.a.speaker, p.b.speaker) for p in found.alignment.pairs]
    assert m.speaker.value == pytest.approx(alpha_by_counting(speakers))
    expected = [(Sort.CHANGED, [n], [n], ["speaker"]) for n in others] + [(Sort.ONLY_A, [n], [], []) for n in dropped]
    assert sorted(told(found)) == sorted(expected)


def alpha_by_counting(pairs: list[tuple[str, str]]) -> float:
    """Two observers, nominal: 1 - (2N - 1) times pairs that differ, by pairs of values that differ, of all values."""
    values = [v for pair in pairs for v in pair]
    differing = sum(1 for v in values for w in values if v != w) / 2
    return 1 - (len(values) - 1) * sum(a != b for a, b in pairs) / differing


@pytest.mark.parametrize(
    ("old", "new", "aspect", "same_fact"),
    [
        ("kel:value 28400000000", "kel:value 24800000000", "figure", False),
        ("kel:unit unit:CCY_USD", "kel:unit unit:CCY_EUR", "unit", False),
        ("kel:counterpartArea id:russia", "kel:counterpartArea id:china", "entity", False),
        ("a kel:TradeObservation", "a kel:Observation", "kind", False),
        ("kel:bound code:bound-record", "kel:bound code:bound-about", "bound", True),
        ('kel:periodEnd "2023-12-31"', 'kel:periodEnd "2023-11-30"', "date", True),
        ("kel:trend code:trend-rising", "kel:trend code:trend-falling", "detail", True),
        ('kel:asWritten "$28.4 billion"', 'kel:asWritten "28.4 billion"', "figure", True),
        ("kel:speaker id:izvestia", "kel:speaker id:kremlin", "speaker", True),
        ("kel:speaker id:izvestia", "kel:speaker id:of-no-file", "speaker", True),
        ("kel:modality code:asserted", "kel:modality code:reported", "modality", True),
        ("kel:passage src:izv24-p32-s3", "kel:passage src:izv24-p32-s3-4", "passage", True),
        ("kel:modality code:asserted", "kel:modality code:asserted ; kel:basis code:basis-implied", "basis", True),
    ],
)
def test_each_sort_of_difference_is_told(
    tmp_path: Path, small: str, old: str, new: str, aspect: str, same_fact: bool
) -> None:
    other = changed(small, TRADE, old, new)
    found = both(tmp_path, small, other)
    assert told(found) == [(Sort.CHANGED, [TRADE], [TRADE], [aspect])]
    (difference,) = found.differences
    assert difference.same_fact == same_fact
    assert found.measures.same_fact.matched == found.measures.aligned.matched - (not same_fact)
    (mirrored,) = both(tmp_path, other, small).differences
    assert [(x.name, x.b, x.a) for x in mirrored.aspects] == [(x.name, x.a, x.b) for x in difference.aspects]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kel:value 28400000000 ", "kel:value 28400000000.0 "),
        ('"Trade turnover of Kazakhstan and Russia, 2023"@en', '"Trade in 2023"@en'),
        ('"Trade between Kazakhstan and Russia rose', '"In 2023 commerce of the two rose'),
    ],
)
def test_words_and_ways_of_writing_are_no_difference(tmp_path: Path, text: str, old: str, new: str) -> None:
    found = both(tmp_path, text, changed(text, TRADE, old, new))
    assert told(found) == []
    assert found.measures.identical.f1 == 1


def test_other_names_for_the_same_facts_are_no_difference(tmp_path: Path, text: str) -> None:
    other = text.replace("id:obs-kz-ru-trade-2023", "id:obs-trade-1").replace(
        "id:statement-kremlin-package-ready-2024", "id:statement-1"
    )
    other = changed(other, TRADE, '"Trade turnover of Kazakhstan and Russia, 2023"@en', '"Commerce"@en')
    found = both(tmp_path, text, other)
    assert told(found) == []
    assert found.measures.identical.f1 == 1
    assert found.alignment.names == {
        f"{ID}obs-trade-1": f"{ID}obs-kz-ru-trade-2023",
        f"{ID}statement-1": f"{ID}statement-kremlin-package-ready-2024",
    }


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"Summit of the CSTO in Astana": "CSTO summit, Astana", "Саммит ОДКБ": "Встреча ОДКБ", "саммиті": "кездесуі"},
    ],
)
def test_things_that_both_curators_named_are_one_by_their_labels(
    tmp_path: Path, text: str, labels: dict[str, str]
) -> None:
    texts = {name: t for name, t in curated_texts().items() if not name.startswith("claims/")}
    folders = []
    for side, iri in (("a", "id:csto-summit-astana-2024"), ("b", "id:summit-of-the-csto")):
        for name, content in {**texts, "claims/izv24.trig": text}.items():
            path = tmp_path / side / name
            path.parent.mkdir(parents=True, exist_ok=True)
            own = content.replace("id:csto-summit-astana-2024", iri)
            if side == "b" and name.startswith("entities/"):
                for old, new in labels.items():
                    own = own.replace(old, new)
            path.write_text(own, encoding="utf-8")
        folders.append(tmp_path / side)
    found = compare(*folders)
    assert told(found) == []
    assert found.alignment.names[f"{ID}summit-of-the-csto"] == f"{ID}csto-summit-astana-2024"


def test_one_claim_that_is_two_for_the_other_is_told_as_one_difference(tmp_path: Path, text: str) -> None:
    participants = "id:putin-tokayev-talks-2024 kel:participant id:vladimir-putin , id:kassym-jomart-tokayev ."
    first = changed(
        text, "izv24-p11-3", participants, "id:putin-tokayev-talks-2024 kel:participant id:vladimir-putin ."
    )
    part = """
claim:izv24-p11-98 { id:putin-tokayev-talks-2024 kel:participant id:kassym-jomart-tokayev . }
claim:izv24-p11-98 a kel:Claim ;
    kel:passage src:izv24-p11-s1 ; kel:speaker id:izvestia ; kel:modality code:planned .
"""
    found = both(tmp_path, text, first + part)
    assert told(found) == [(Sort.SPLIT, ["izv24-p11-3"], ["izv24-p11-3", "izv24-p11-98"], [])]
    assert told(both(tmp_path, first + part, text)) == [
        (Sort.MERGED, ["izv24-p11-3", "izv24-p11-98"], ["izv24-p11-3"], [])
    ]


def test_the_same_fact_of_another_paragraph_is_aligned(tmp_path: Path, text: str) -> None:
    other = changed(text, "izv24-p11-4", "src:izv24-p11-s1", "src:izv24-p13-s1")
    assert told(both(tmp_path, text, other)) == [(Sort.CHANGED, ["izv24-p11-4"], ["izv24-p11-4"], ["passage"])]


def test_a_side_may_be_empty(tmp_path: Path, text: str, names: list[str]) -> None:
    found = both(tmp_path, text, without(text, names))
    m = found.measures
    assert m.same_fact == Overlap(0, len(names), 0)
    assert (m.same_fact.in_a, m.same_fact.in_b, m.same_fact.f1) == (0, None, 0)
    assert m.speaker.value is None
    assert m.speaker.units == 0
    assert m.passages.value is not None
    assert m.passages.value < 0
    assert {d.sort for d in found.differences} == {Sort.ONLY_A}
    nothing = both(tmp_path, without(text, names), without(text, names)).measures
    assert nothing.same_fact.f1 is nothing.passages.value is None


def test_different_articles_are_refused(tmp_path: Path, text: str) -> None:
    a, b = write(tmp_path, "a", text), write(tmp_path, "b", claims_of("mp23"), "mp23")
    with pytest.raises(KelisimError, match=r"different articles: .*izv24\.trig of izv24 and .*mp23\.trig of mp23"):
        compare(a, b)
    with pytest.raises(KelisimError, match=r"Neither side has claims of 'mp24'; there are: izv24, mp23"):
        compare(a, b, article="mp24")


def test_malformed_files_are_told_with_path_and_line(tmp_path: Path, text: str) -> None:
    a, b = write(tmp_path, "a", text), write(tmp_path, "b", text + "claim:izv24-p99-1 { id:x kel:kind")
    with pytest.raises(KelisimError, match=rf"{b}:{text.count(chr(10)) + 1}:"):
        compare(a, b)


def test_the_articles_make_the_continuum_complete(tmp_path: Path, text: str, articles: Path) -> None:
    without_texts = both(tmp_path, text, text).measures
    found = both(tmp_path, text, text, articles=articles).measures
    assert not without_texts.complete
    assert found.complete
    assert found.continuum > without_texts.continuum


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_neither_the_order_of_claims_nor_of_sides_matters(tmp_path: Path, small: str, data: st.DataObject) -> None:
    names = [*ClaimsFile.read(small, "claims/x.trig").claims]
    dropped = data.draw(st.lists(st.sampled_from(names), max_size=8, unique=True))
    other = without(small, dropped)
    altered = data.draw(st.lists(st.sampled_from([n for n in names if n not in dropped]), max_size=6, unique=True))
    for name in altered:
        modality = data.draw(st.sampled_from(["asserted", "reported", "planned", "denied"]))
        lines = other.split(f"claim:{name} a kel:Claim")
        record = lines[1].split("kel:modality code:", 1)
        rest = record[1].lstrip("abcdefghijklmnopqrstuvwxyz")
        other = f"{lines[0]}claim:{name} a kel:Claim{record[0]}kel:modality code:{modality}{rest}"
    there, back = both(tmp_path, small, other), both(tmp_path, other, small)
    aligned = {(p.a.claim.name, p.b.claim.name) for p in there.alignment.pairs if p.identical}
    assert {(n, n) for n in names if n not in {*dropped, *altered}} <= aligned
    for one, mirrored in zip(overlaps(there), overlaps(back), strict=True):
        assert (one.matched, one.a, one.b) == (mirrored.matched, mirrored.b, mirrored.a)
        assert one.f1 == mirrored.f1
    for one_alpha, other_alpha in zip(alphas(there), alphas(back), strict=True):
        assert one_alpha == (pytest.approx(other_alpha) if other_alpha is not None else None)
    order = data.draw(st.permutations([n for n in names if n not in dropped]))
    again = both(tmp_path, small, shuffled(other, lambda _: list(order)))
    assert again.measures == there.measures
    assert told(again) == told(there)


def overlaps(found: Comparison) -> list[Overlap]:
    return [found.measures.aligned, found.measures.same_fact, found.measures.identical]


def alphas(found: Comparison) -> list[float | None]:
    m = found.measures
    return [x.value for x in (m.speaker, m.modality, m.kind, m.code, m.passages, m.passages_by_kind)]


def test_files_of_claims_share_the_folder_in_which_they_lie(tmp_path: Path, text: str) -> None:
    for name, content in curated_texts().items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace('"Izvestia"@en', '"Renamed"@en'), encoding="utf-8")
    sides = [write(tmp_path / "data", side, text) for side in ("one", "two")]
    assert compare(*sides).a.names[f"{ID}izvestia"]["en"][0] == "Renamed"
    apart = [write(tmp_path, side, text) for side in ("one", "two")]
    assert compare(*apart).a.names[f"{ID}izvestia"]["en"][0] == "Izvestia"
    assert compare(*apart, shared=tmp_path / "data").a.names[f"{ID}izvestia"]["en"][0] == "Renamed"


def test_a_claim_that_stands_twice_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path / "data", "claims", text)
    write(tmp_path / "data", "claims", block_of(text, TRADE).join([prefixes(text), "\n"]), "more")
    with pytest.raises(KelisimError, match=rf"claim {TRADE}: stands in .*izv24\.trig:\d+ too"):
        compare(tmp_path / "data", tmp_path / "data")


def prefixes(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if line.startswith("@prefix"))


def test_different_texts_of_one_name_are_refused(tmp_path: Path, small: str) -> None:
    for side in ("a", "b"):
        write(tmp_path / side, "claims", small)
        sources = curated_texts()["sources.ttl"]
        other = sources.replace('kel:sha256 "', 'kel:sha256 "0') if side == "b" else sources
        (tmp_path / side / "sources.ttl").write_text(other, encoding="utf-8")
    with pytest.raises(KelisimError, match=r"different texts under the name izv24: .* and 0\w+\."):
        compare(tmp_path / "a", tmp_path / "b")


def test_what_is_no_content_or_no_core_is_named_as_in_the_ontology() -> None:
    properties = {local(iri) for iri in terms().properties}
    assert properties >= (WORDS | QUALIFIERS)
    assert {local(iri) for iri in terms().classes} >= REIFIED
