"""What `kg.drafts` proposes of a sentence, as forms that a curator accepts, changes or leaves alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from kg.checks.collection import CuratedClaim
from kg.checks.reading import Statement
from kg.curation.curated import Claim
from kg.curation.passages import Passage
from kg.drafts.article import record
from kg.drafts.proposing import Proposer
from kg.drafts.spelling import Spellings
from kg.drafts.stubs import Stub, Stubs
from server.workbench.desk import Desk
from server.workbench.forms import ClaimForm, from_claim
from server.workbench.proposals import unmarked


@dataclass(frozen=True)
class Suggestion:
    """A claim that is proposed: the class of its first thing, the remarks on it, the form."""

    class_name: str
    remarks: tuple[str, ...]
    form: ClaimForm


class Suggestions:
    """The proposals for an article by paragraph and sentence, over the files as they were when first asked."""

    def __init__(self, desk: Desk) -> None:
        spellings = Spellings(desk.collection)
        found = record(desk.collection, desk.article, desk.text, spellings)
        proposer = Proposer(desk.collection, found, spellings)
        stubs = Stubs(desk.collection, found, proposer.precedents)
        self._stubs: dict[tuple[int, int], list[Stub]] = {
            (s.paragraph, s.number): [*stubs.of(s)] for s in proposer.sentences()
        }

    def of(self, passage: Passage) -> list[Suggestion]:
        """What is proposed of the sentences of a passage."""
        return [*self._of(passage)]

    def _of(self, passage: Passage) -> Iterator[Suggestion]:
        for number in range(passage.first, passage.last + 1):
            for stub in self._stubs.get((passage.paragraph, number), ()):
                form = unmarked(from_claim(_curated(stub.claim)), stub.claim.name)
                if form.things and form.things[0].classes:
                    yield Suggestion(form.things[0].classes[0], stub.remarks, form)


def _curated(claim: Claim) -> CuratedClaim:
    """A claim that stands in no file as forms read it."""
    record = [t for triples in claim.record.values() for t in triples]
    return CuratedClaim(claim.name, "", 0, tuple(map(_statement, claim.facts)), tuple(map(_statement, record)))


def _statement(triple: ox.Triple) -> Statement:
    assert isinstance(triple.subject, ox.NamedNode)
    assert isinstance(triple.object, ox.NamedNode | ox.Literal)
    return Statement(triple.subject.value, triple.predicate.value, triple.object, "", "", 0, 0, 0)
