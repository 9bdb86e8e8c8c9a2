"""How much of what curators found in the two articles is proposed, with their claims, records and passages taken out.

The things stay among the entities, as they do for a curator who writes of known people and states; events and documents
that only these articles tell are among them too, which a new article's are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kg.checks.collection import CuratedClaim, collect, curated_texts, local
from kg.curation.own_words import copied_run, plain_runs
from kg.curation.writing import ThingsFile
from kg.drafts.article import find_text, record
from kg.drafts.drafting import draft
from kg.drafts.proposing import Proposer, Sentence
from kg.drafts.spelling import Spellings
from ontology.namespaces import ID, SRC

ARTICLES = ("izv24", "mp23")


@dataclass
class Share:
    """How many of those that there are were found."""

    found: int = 0
    all: int = 0
    not_found: list[str] = field(default_factory=list)

    def count(self, found: bool, name: str) -> None:
        self.found += found
        self.all += 1
        self.not_found += [] if found else [name]

    @property
    def share(self) -> float:
        return self.found / self.all


def without(texts: dict[str, str], name: str) -> dict[str, str]:
    """The curated files without those of an article, its record and its omissions."""
    kept = {path: text for path, text in texts.items() if path not in {f"claims/{name}.trig", f"passages/{name}.ttl"}}
    for path in ("sources.ttl", "omissions.ttl"):
        file = ThingsFile.read(kept[path], path)
        for iri in [iri for iri in file.things if iri == f"{SRC}{name}" or iri.startswith(f"{SRC}{name}-")]:
            file = file.remove(iri)
        kept[path] = file.text
    return kept


@dataclass
class Measured:
    """An article's claims, and what is proposed of its sentences without them."""

    claims: list[CuratedClaim]
    things: set[str]
    publisher: str
    sentences: dict[tuple[int, int], Sentence]

    def of(self, claim: CuratedClaim) -> list[Sentence]:
        """The sentences of a claim's passage."""
        passage = claim.passage
        assert passage
        return [self.sentences[passage.paragraph, n] for n in range(passage.first, passage.last + 1)]

    def told(self, claim: CuratedClaim) -> set[str]:
        """The known things that a claim speaks of, without the publisher, to whom the text need not say a word."""
        named = {iri for s in claim.facts for iri in (s.subject, s.value)}
        return {iri for iri in named & self.things if iri.startswith(str(ID)) and iri != self.publisher}


@pytest.fixture(scope="module", params=ARTICLES)
def measured(request: pytest.FixtureRequest, articles: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    name = str(request.param)
    texts = curated_texts()
    whole = collect(texts)
    rest = collect(without(texts, name))
    folder = tmp_path_factory.mktemp(name)
    original = find_text(whole, name, articles)
    (folder / f"{name}.txt").write_bytes(original.path.read_bytes())
    spellings = Spellings(rest)
    known = record(rest, name, find_text(rest, name, folder), spellings)
    assert not known.known
    found = {(s.paragraph, s.number): s for s in Proposer(rest, known, spellings).sentences()}
    claims = [c for c in whole.claims if c.numbered[0] == name]
    assert known.publisher == whole.publishers[name]
    return Measured(claims, set(rest.names), known.publisher, found)


def test_things_in_their_sentences(measured: Measured) -> None:
    wanted: dict[tuple[int, int, int], set[str]] = {}
    for claim in measured.claims:
        assert claim.passage
        passage = (claim.passage.paragraph, claim.passage.first, claim.passage.last)
        wanted.setdefault(passage, set()).update(measured.told(claim))
    recall, precision = Share(), Share()
    for (paragraph, first, last), things in wanted.items():
        proposed = {m.iri for n in range(first, last + 1) for m in measured.sentences[paragraph, n].mentions}
        for iri in sorted(things):
            recall.count(iri in proposed, local(iri))
    for (paragraph, number), sentence in measured.sentences.items():
        right = [t for (p, first, last), t in wanted.items() if p == paragraph and first <= number <= last]
        for mention in sentence.mentions:
            if mention.iri != measured.publisher:
                precision.count(any(mention.iri in things for things in right), local(mention.iri))
    assert recall.all > 300
    assert recall.share > 0.5, recall.not_found
    assert precision.share > 0.65, precision.not_found


def figures_of(claim: CuratedClaim) -> Iterator[tuple[str, str, str, str]]:
    """The figures of a claim: as written, value, unit (empty for documents), and bound."""
    for written in claim.told("asWritten"):
        value = [*claim.told("value", written.subject), *claim.told("documentCount", written.subject)]
        unit, bound = (claim.told(n, written.subject) for n in ("unit", "bound"))
        yield (
            written.value,
            value[0].value,
            local(unit[0].value) if unit else "",
            local(bound[0].value) if bound else "bound-exact",
        )


def test_figures_with_value_unit_and_bound(measured: Measured) -> None:
    right = Share()
    for claim in measured.claims:
        proposed = {
            (f"{f.value.normalize():f}", f.unit, f.bound) for s in measured.of(claim) for f in s.figures
        }  # fmt: skip
        for written, *figure in figures_of(claim):
            right.count(tuple(figure) in proposed, f"{claim.name} {written}")
    assert right.all >= 18
    assert right.share > 0.8, right.not_found
    many = sum(len(s.figures) for s in measured.sentences.values())
    assert many < 1.5 * right.all, "hardly more figures are proposed than there are"


def test_dates(measured: Measured) -> None:
    right = Share()
    for claim in measured.claims:
        proposed = {d.edtf for s in measured.of(claim) for d in s.dates}
        for name in ("edtf", "plannedEdtf", "periodEdtf"):
            for statement in claim.told(name):
                right.count(statement.value in proposed, f"{claim.name} {statement.value}")
    assert right.all >= 15
    assert right.share > 0.6, right.not_found


def test_offices_and_speakers(measured: Measured) -> None:
    tenures, speakers = Share(), Share()
    for claim in measured.claims:
        sentences = measured.of(claim)
        for holder in claim.told("holder"):
            office = claim.told("office", holder.subject)[0].value
            proposed = {(t.holder, t.office) for s in sentences for t in s.tenures}
            tenures.count((holder.value, office) in proposed, claim.name)
        for said in claim.told("saidBy"):
            proposed_speakers = {s.voice.iri if s.voice else measured.publisher for s in sentences}
            speakers.count(said.value in proposed_speakers, claim.name)
    assert tenures.share > 0.6, tenures.not_found
    assert speakers.share > 0.7, speakers.not_found


@pytest.mark.parametrize("name", ARTICLES)
def test_that_the_draft_of_an_article_can_be_read(name: str, articles: Path, tmp_path: Path) -> None:
    texts = curated_texts()
    original = find_text(collect(texts), name, articles)
    (tmp_path / f"{name}.txt").write_bytes(original.path.read_bytes())
    rest = without(texts, name)
    found = draft(collect(rest), rest, name, tmp_path)
    drafted = collect({**rest, **found.files})
    claims = [c for c in drafted.claims if c.numbered[0] == name]
    assert len(claims) > 60
    assert all(c.passage for c in claims)
    text = found.files[f"claims/{name}.trig"]
    for figure in (f.as_written for s in found.sentences for f in s.figures):
        text = text.replace(figure, "")
    runs = {*plain_runs(original)}
    assert not [line for line in text.splitlines() if copied_run(line, runs)]
