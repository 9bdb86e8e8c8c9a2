"""The operator's copies of the articles, found by their hash, and the text of their passages."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kg.curation.sources import ArticleText, text_digest
from kg.rdf.files import decode, list_files, read_bytes
from kg.views.articles import PassageLocation
from ontology import KelisimError


@dataclass(frozen=True)
class Segment:
    """A part of a paragraph; `passages` are the IRIs of those that contain it, `begins` of those that start with it."""

    text: str
    passages: tuple[str, ...]
    begins: tuple[str, ...]
    ends: tuple[str, ...] = ()


class ArticleStore:
    """A folder of texts of articles (``*.txt``, UTF-8); a file is read again if its size or mtime has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[Path, tuple[tuple[int, int], ArticleText | None]] = {}

    def find(self, sha256: str) -> ArticleText | None:
        """The text of the file with that SHA-256; None if there is none, or if the folder cannot be read."""
        try:
            paths = [self._folder / file.name for file in list_files(self._folder, ".txt")]
        except KelisimError:
            return None
        texts = (self._read(path) for path in paths)
        return next((text for text in texts if text and text.sha256 == sha256), None)

    def _read(self, path: Path) -> ArticleText | None:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._texts.get(path)
            if known is None or known[0] != stamp:
                known = self._texts[path] = (stamp, _text(path))
        except OSError:  # deleted in the meantime
            return None
        return known[1]


def _text(path: Path) -> ArticleText | None:
    try:
        data = read_bytes(path)
        return ArticleText(path, decode(data, path), hashlib.sha256(data).hexdigest())
    except KelisimError:  # unreadable or not UTF-8: not an article
        return None


def segments(text: ArticleText, number: int, places: Iterable[PassageLocation]) -> list[Segment]:
    """A paragraph of the text, split where the given passages start and end.

    A passage that exceeds the paragraph, or whose hash does not match its text, is ignored. Raises KelisimError if the
    text has no such paragraph.
    """
    whole = text.paragraph(number)
    sound = [p for p in dict.fromkeys(places) if whole.start <= p.start < p.end <= whole.end and _holds(text, p)]
    cuts = sorted({whole.start, whole.end, *(p.start for p in sound), *(p.end for p in sound)})
    return [
        Segment(
            text.text[start:end],
            tuple(p.passage for p in sound if p.start <= start and end <= p.end),
            tuple(p.passage for p in sound if p.start == start),
            tuple(p.passage for p in sound if p.end == end),
        )
        for start, end in pairwise(cuts)
    ]


def _holds(text: ArticleText, place: PassageLocation) -> bool:
    return text_digest(text.text[place.start : place.end]) == place.sha256
