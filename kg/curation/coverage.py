"""Measures how much of each article the claims cover, by paragraph."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from kg.curation.curated import Curation, text_of
from kg.curation.passages import Passage
from kg.curation.verification import article_texts
from ontology import KelisimError
from ontology.namespaces import KEL, RDF_TYPE, SRC


@dataclass(frozen=True)
class ParagraphCoverage:
    """The coverage of one paragraph.

    claims: the number of claims with a passage in it. sentences: the number of its sentences. touched: how many of
    these are in a passage of a claim. omission: the recorded reason why it has no claims, or empty.
    """

    article: str
    paragraph: int
    claims: int
    sentences: int
    touched: int
    omission: str

    @property
    def valid(self) -> bool:
        """Whether the paragraph has either claims or a recorded reason for having none."""
        return bool(self.claims) != bool(self.omission)


def coverage(curation: Curation, folder: Path) -> list[ParagraphCoverage]:
    """The coverage of every paragraph of every article (of a package, its own), in the order of the text.

    Raises KelisimError where an article is missing or has changed, or an omission is incomplete or names no paragraph.
    """
    curation = curation.own
    texts = article_texts(curation, folder)
    omissions = _omissions(curation)
    claims: Counter[tuple[str, int]] = Counter()
    touched: dict[tuple[str, int], set[int]] = {}
    for claim in curation.claims:
        passage = Passage.parse(claim.value("passage"))
        key = (passage.article, passage.paragraph)
        claims[key] += 1
        touched.setdefault(key, set()).update(range(passage.first, passage.last + 1))
    rows = []
    for name, text in sorted(texts.items()):
        for paragraph in text.paragraphs:
            key = (name, paragraph.number)
            sentences = len(text.sentences(paragraph))
            rows.append(
                ParagraphCoverage(*key, claims[key], sentences, len(touched.get(key, ())), omissions.pop(key, ""))
            )
    if omissions:
        (article, number), *_ = sorted(omissions)
        raise KelisimError(f"omissions: article {article} has no paragraph {number}; correct omissions.ttl.")
    return rows


def _omissions(curation: Curation) -> dict[tuple[str, int], str]:
    found: dict[str, dict[str, str]] = {}
    for triple in curation.reference:
        found.setdefault(text_of(triple.subject), {})[triple.predicate.value] = text_of(triple.object)
    omissions = {}
    for iri, description in found.items():
        if description.get(RDF_TYPE) == str(KEL.Omission):
            article, paragraph, note = (description.get(str(KEL[n]), "") for n in ("article", "paragraph", "note"))
            if not (article and paragraph.isdecimal() and note):
                raise KelisimError(
                    f"omissions: {iri.removeprefix(str(SRC))} needs a kel:article, a kel:paragraph that is a number, "
                    "and a kel:note that says why; correct omissions.ttl."
                )
            omissions[article.removeprefix(str(SRC)), int(paragraph)] = note
    return omissions
