"""The text of passages, from the operator's copies of the articles."""

from collections.abc import Iterable
from typing import Final

from kg.curation.sources import text_digest
from kg.store.reader import Reader, nodes
from kg.views.article_store import ArticleStore

_BATCH: Final = 500
_MOST_ROWS: Final = 5_000


def quotations(reader: Reader, store: ArticleStore | None, passages: Iterable[str]) -> dict[str, str]:
    """The texts of passages (IRIs) by IRI: of those whose article is there, and that have the recorded hashes."""
    wanted = sorted({iri for iri in passages if iri})
    if store is None or not wanted:
        return {}
    known: dict[str, str] = reader.memory["quotations"]
    new = [iri for iri in wanted if iri not in known]
    for start in range(0, len(new), _BATCH):
        known.update((iri, "") for iri in new[start : start + _BATCH])
        for row in reader.rows(_QUERY % (nodes(new[start : start + _BATCH]), _MOST_ROWS)):
            passage, article, sha256, first, last = (str(row[name].value) for name in _NAMES)
            if (text := store.find(article)) and first.isdecimal() and last.isdecimal():
                words = text.text[int(first) : int(last)]
                known[passage] = words if text_digest(words) == sha256 else ""
    return {iri: known[iri] for iri in wanted if known[iri]}


_NAMES: Final = ("passage", "hash", "sha256", "start", "end")

_QUERY: Final = """
PREFIX kel: <https://w3id.org/kelisim/ns#>
PREFIX oa: <http://www.w3.org/ns/oa#>
SELECT ?passage ?hash ?sha256 ?start ?end WHERE {
  VALUES ?passage { %s }
  ?passage kel:article ?article ; kel:sha256 ?sha256 ; oa:hasSelector ?selector .
  ?article kel:sha256 ?hash .
  ?selector oa:start ?start ; oa:end ?end .
} LIMIT %d
"""
