"""The texts of articles: paragraphs, sentences, offsets, hashes.

The project does not contain the texts. They are read from a folder of the user and identified by their hash.
"""

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kg.rdf.files import decode, list_files, read_bytes
from ontology import KelisimError

# A sentence ends at . ! or ?, perhaps with a closing quotation mark, before white space and the start of another,
# which is a capital letter of any script or an opening quotation mark.
_SENTENCE_BREAK = re.compile(r"(?<=[.!?])[\"”»]?\s+(?=(\S))")
_OPENING = frozenset('"“«„')


@dataclass(frozen=True)
class Span:
    """A numbered segment of an article, from `start` up to but not including `end`, in Unicode code points."""

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class ArticleText:
    """The text of one article; `sha256` is the digest of the file's bytes."""

    path: Path
    text: str
    sha256: str

    @property
    def paragraphs(self) -> tuple[Span, ...]:
        """The lines that are not blank, without white space around them, numbered from 1."""
        lines = (m for m in re.finditer(r"[^\n]+", self.text) if m[0].strip())
        return tuple(Span(i, *_trimmed(self.text, m.start(), m.end())) for i, m in enumerate(lines, 1))

    def sentences(self, paragraph: Span) -> tuple[Span, ...]:
        """The sentences of a paragraph, numbered from 1.

        The split uses punctuation alone, so that the numbers are reproducible. If a full stop inside a sentence splits
        it, a passage covers both parts.
        """
        found = _SENTENCE_BREAK.finditer(self.text, paragraph.start, paragraph.end)
        breaks = [m.end() for m in found if m[1].isupper() or m[1] in _OPENING]
        bounds = [paragraph.start, *breaks, paragraph.end]
        return tuple(Span(i, *_trimmed(self.text, a, b)) for i, (a, b) in enumerate(pairwise(bounds), 1))

    def paragraph(self, number: int) -> Span:
        """The paragraph with that number; raises KelisimError if there is none."""
        paragraphs = self.paragraphs
        if not 1 <= number <= len(paragraphs):
            raise KelisimError(f"{self.path.name} has {len(paragraphs)} paragraphs; there is no paragraph {number}.")
        return paragraphs[number - 1]

    def passage(self, paragraph: int, first: int, last: int) -> Span:
        """The span from sentence `first` to `last` of a paragraph; raises KelisimError if there is none."""
        sentences = self.sentences(self.paragraph(paragraph))
        if not 1 <= first <= last <= len(sentences):
            raise KelisimError(
                f"Paragraph {paragraph} of {self.path.name} has {len(sentences)} sentences; "
                f"there is no passage from sentence {first} to {last}."
            )
        return Span(paragraph, sentences[first - 1].start, sentences[last - 1].end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip()))


def text_digest(text: str) -> str:
    """The SHA-256 (FIPS 180-4) of the text in UTF-8, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_articles(folder: Path) -> dict[str, ArticleText]:
    """The texts of a folder (``*.txt``, UTF-8) by the SHA-256 of their bytes.

    Raises KelisimError if the folder does not exist or holds no texts, or if a text cannot be read or is not UTF-8.
    """
    files = list_files(folder, ".txt")
    if not files:
        raise KelisimError(f"No articles in {folder}: give the folder that holds the articles' .txt files.")
    found = {}
    for path in files:
        data = read_bytes(path)
        article = ArticleText(folder / path.name, decode(data, path), hashlib.sha256(data).hexdigest())
        found[article.sha256] = article
    return found
