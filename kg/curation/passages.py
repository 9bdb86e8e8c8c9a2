"""The records of passages: pointers into an article by position and hash."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kg.curation.sources import ArticleText, text_digest
from ontology import PREFIXES, KelisimError
from ontology.namespaces import SRC

_NAME: Final = re.compile(
    re.escape(str(SRC)) + r"(?P<article>\w+)-p(?P<paragraph>\d+)-s(?P<first>\d+)(?:-(?P<last>\d+))?"
)


@dataclass(frozen=True, order=True)
class Passage:
    """A passage: article, paragraph, first and last sentence, as its IRI encodes them."""

    article: str
    paragraph: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """The local name, such as ``izv24-p32-s3`` or ``izv24-p32-s3-4``."""
        end = f"-{self.last}" if self.last > self.first else ""
        return f"{self.article}-p{self.paragraph}-s{self.first}{end}"

    @classmethod
    def parse(cls, iri: str) -> "Passage":
        """Parses the IRI of a passage; raises KelisimError if it is not the canonical IRI of one."""
        match = _NAME.fullmatch(iri)
        if not match:
            raise KelisimError(f"<{iri}> is no passage: name it src:ARTICLE-pPARAGRAPH-sFIRST or -sFIRST-LAST.")
        first = int(match["first"])
        passage = cls(match["article"], int(match["paragraph"]), first, int(match["last"] or first))
        if str(SRC) + passage.name != iri:
            raise KelisimError(f"<{iri}> is not the plain name of that passage: call it src:{passage.name}.")
        return passage


def render(passages: Iterable[Passage], article: ArticleText) -> str:
    """The records of passages of one article in Turtle, in the order of the text, with offsets and hashes.

    Offsets count Unicode code points of the file, as ``oa:TextPositionSelector`` does (Web Annotation Data Model,
    section 4.2.5). Raises KelisimError if the article has no such paragraph or sentence.
    """
    used = ("kel", "src", "oa", "rdfs")
    lines = ["# Where the passages stand in the article. Written by `kelisim passages`, not by hand.", ""]
    lines += [f"@prefix {p}: <{PREFIXES[p]}> ." for p in used]
    for passage in sorted(set(passages)):
        span = article.passage(passage.paragraph, passage.first, passage.last)
        sentences = (
            f"sentence {passage.first}"
            if passage.first == passage.last
            else (f"sentences {passage.first} to {passage.last}")
        )
        lines += [
            "",
            f"src:{passage.name} a kel:Passage ;",
            f'    rdfs:label "{passage.article}, paragraph {passage.paragraph}, {sentences}"@en ;',
            f"    kel:article src:{passage.article} ; kel:paragraph {passage.paragraph} ;",
            f'    kel:sha256 "{text_digest(article.text[span.start : span.end])}" ;',
            f"    oa:hasSelector src:{passage.name}-span .",
            f"src:{passage.name}-span a oa:TextPositionSelector ; oa:start {span.start} ; oa:end {span.end} .",
        ]
    return "\n".join(lines) + "\n"
