"""Footnotes: the speaker, source and modality of a claim."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.language.labels import Label, labels, preferred_label
from kg.store.reader import Reader, Row, nodes, text

_BATCH: Final = 500
_MAX_ROWS: Final = 5_000
_NO_LABEL: Final = Label("")


@dataclass(frozen=True)
class Footnote:
    """The record of one claim, with labels.

    IRIs and texts that the record lacks are empty, and `paragraph` is 0. `modality_code` is the last part of the
    modality's IRI, such as ``planned``. `basis` tells that the fact is implied only; `confidence` is the
    curator's in the reading of the passage, if it is not plain, and `doubt` its reason. `published` is the last day
    (xsd:date) on which the article can have appeared.
    """

    claim: str
    gloss: str
    gloss_language: str
    passage: str
    article: str
    article_label: Label
    paragraph: int
    speaker: str
    speaker_label: Label
    modality: str
    modality_label: Label
    basis: str = ""
    basis_label: Label = _NO_LABEL
    confidence: str = ""
    confidence_label: Label = _NO_LABEL
    doubt: Label = _NO_LABEL
    published: str = ""

    @property
    def modality_code(self) -> str:
        """The code of the modality, for badges and filters."""
        return self.modality.rpartition("/")[2]

    @property
    def surely(self) -> bool:
        """Whether the modality is asserted, reported or planned, as opposed to expected, possible or denied."""
        return self.modality_code in {"asserted", "reported", "planned"}


def footnotes(reader: Reader, claims: Iterable[str], language: str) -> dict[str, Footnote]:
    """The footnotes of the claims that have a record, in the order of `claims`; texts preferably in the language."""
    wanted = list(dict.fromkeys(claims))
    known: dict[str, list[Row]] = reader.memory["records", language]
    if new := reader.missing(("records", language), wanted):
        _read_all(reader, new, language, known)
    shown = {str(row[name].value) for c in wanted for row in known[c] for name in _NAMED if _is_iri(row, name)}
    names = labels(reader, shown, language)
    return {claim: _footnote(claim, known[claim], names, language) for claim in wanted if known[claim]}


def expect_footnotes(reader: Reader, claims: Iterable[str], language: str) -> None:
    """Has the records of these claims, too, read with the next that are."""
    reader.expect(("records", language), claims)


def _read_all(reader: Reader, new: list[str], language: str, known: dict[str, list[Row]]) -> None:
    known.update((claim, []) for claim in new)
    _read(reader, new, _IN_LANGUAGE % {"language": text(language)}, known)
    # Where there is no text in the language, those in the others are read.
    lacking = [claim for claim in new if any(_lacks_text(row) for row in known[claim])]
    known.update((claim, []) for claim in lacking)
    _read(reader, lacking, _IN_ANY, known)


def _read(reader: Reader, claims: list[str], texts: str, known: dict[str, list[Row]]) -> None:
    for start in range(0, len(claims), _BATCH):
        named = nodes(claims[start : start + _BATCH])
        for row in reader.rows(_QUERY % {"claims": named, "texts": texts, "limit": _MAX_ROWS}):
            known[row["claim"].value].append(row)


def _lacks_text(row: Row) -> bool:
    return "gloss" not in row or ("curatorConfidence" in row and "doubt" not in row)


_NAMED: Final = ("article", "speaker", "modality", "basis", "curatorConfidence")

_QUERY: Final = """
PREFIX kel: <https://w3id.org/kelisim/ns#>
SELECT ?claim ?gloss ?passage ?article ?paragraph ?speaker ?modality ?basis ?curatorConfidence ?doubt ?published WHERE {
  VALUES ?claim { %(claims)s }
  ?claim kel:passage ?passage .
  OPTIONAL { ?claim kel:speaker ?speaker }
  OPTIONAL { ?claim kel:modality ?modality }
  OPTIONAL { ?claim kel:basis ?basis }
  %(texts)s
  OPTIONAL { ?passage kel:article ?article OPTIONAL { ?article kel:latest ?published } }
  OPTIONAL { ?passage kel:paragraph ?paragraph }
} LIMIT %(limit)d
"""

_IN_LANGUAGE: Final = """
  OPTIONAL { ?claim kel:gloss ?gloss FILTER(LANG(?gloss) = %(language)s) }
  OPTIONAL {
    ?claim kel:curatorConfidence ?curatorConfidence
    OPTIONAL { ?claim kel:confidenceReason ?doubt FILTER(LANG(?doubt) = %(language)s) }
  }
"""

_IN_ANY: Final = """
  OPTIONAL { ?claim kel:gloss ?gloss }
  OPTIONAL {
    ?claim kel:curatorConfidence ?curatorConfidence ; kel:confidenceReason ?doubt
    FILTER (LANG(?doubt) = LANG(?gloss))
  }
"""


def _is_iri(row: Row, name: str) -> bool:
    return isinstance(row.get(name), ox.NamedNode)


def _footnote(claim: str, rows: list[Row], names: dict[str, Label], language: str) -> Footnote:
    row = rows[0]
    gloss = preferred_label((text for r in rows if isinstance(text := r.get("gloss"), ox.Literal)), language)
    iris = {name: str(row[name].value) if _is_iri(row, name) else "" for name in ("passage", *_NAMED)}
    article, speaker, modality, basis, confidence = (names.get(iris[name], Label("")) for name in _NAMED)
    doubt = preferred_label((text for r in rows if isinstance(text := r.get("doubt"), ox.Literal)), language)
    number = row["paragraph"].value if "paragraph" in row else ""
    return Footnote(
        claim=claim,
        gloss=gloss.text,
        gloss_language=gloss.language,
        passage=iris["passage"],
        article=iris["article"],
        article_label=article,
        paragraph=int(number) if str(number).isdecimal() else 0,
        speaker=iris["speaker"],
        speaker_label=speaker,
        modality=iris["modality"],
        modality_label=modality,
        basis=iris["basis"],
        basis_label=basis,
        confidence=iris["curatorConfidence"],
        confidence_label=confidence,
        doubt=doubt,
        published=str(row["published"].value) if "published" in row else "",
    )
