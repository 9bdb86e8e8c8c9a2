"""The text of passages with its language, from the operator's copies of the articles."""

from collections.abc import Iterable
from typing import Final

from kg.curation.sources import text_digest
from kg.language.labels import FALLBACK_LANGUAGE, Label
from kg.store.reader import Reader, nodes
from kg.views.article_store import ArticleStore

_BATCH: Final = 500
_MOST_ROWS: Final = 5_000


def quotations(reader: Reader, store: ArticleStore | None, passages: Iterable[str]) -> dict[str, Label]:
    """The texts of passages (IRIs) by IRI: of those whose article is there, and that have the recorded hashes.

    In English, if the article does not tell its language.
    """
    wanted = sorted({iri for iri in passages if iri})
    if store is None or not wanted:
        return {}
    known: dict[str, Label] = reader.memory["quotations"]
    new = [iri for iri in wanted if iri not in known]
    for start in range(0, len(new), _BATCH):
        known.update((iri, _NONE) for iri in new[start : start + _BATCH])
        for row in reader.rows(_QUERY % (nodes(new[start : start + _BATCH]), _MOST_ROWS)):
            passage, article, sha256, first, last = (str(row[name].value) for name in _NAMES)
            if (text := store.find(article)) and first.isdecimal() and last.isdecimal():
                words = text.text[int(first) : int(last)]
                language = str(row["language"].value) if "language" in row else FALLBACK_LANGUAGE
                known[passage] = Label(words, language) if text_digest(words) == sha256 else _NONE
    return {iri: known[iri] for iri in wanted if known[iri].text}


_NONE: Final = Label("")

_NAMES: Final = ("passage", "hash", "sha256", "start", "end")

_QUERY: Final = """
PREFIX kel: <https://w3id.org/kelisim/ns#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX oa: <http://www.w3.org/ns/oa#>
SELECT ?passage ?hash ?sha256 ?start ?end ?language WHERE {
  VALUES ?passage { %s }
  ?passage kel:article ?article ; kel:sha256 ?sha256 ; oa:hasSelector ?selector .
  ?article kel:sha256 ?hash .
  ?selector oa:start ?start ; oa:end ?end .
  OPTIONAL { ?article dcterms:language ?language }
} LIMIT %d
"""
