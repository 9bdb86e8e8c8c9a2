"""The operator's own copies of the articles, found by their hash, and what stands in their passages."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kg.curation.sources import ArticleText, text_digest
from kg.rdf.files import decode, list_files, read_bytes
from kg.views.articles import Place
from ontology import KelisimError


@dataclass(frozen=True)
class Segment:
    """A piece of a paragraph; `passages` are the IRIs of those it lies in, `begins` of those that begin with it."""

    text: str
    passages: tuple[str, ...]
    begins: tuple[str, ...]


class ArticleStore:
    """A folder of articles' texts (``*.txt``, UTF-8). A file is read again when its size or time has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[Path, tuple[tuple[int, int], ArticleText | None]] = {}

    def find(self, sha256: str) -> ArticleText | None:
        """The text whose file has that SHA-256 now; None where no file has it, or the folder cannot be read."""
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
        except OSError:  # gone meanwhile
            return None
        return known[1]


def _text(path: Path) -> ArticleText | None:
    try:
        data = read_bytes(path)
        return ArticleText(path, decode(data, path), hashlib.sha256(data).hexdigest())
    except KelisimError:  # not UTF-8, or not to be read: no article of ours
        return None


def segments(text: ArticleText, number: int, places: Iterable[Place]) -> list[Segment]:
    """A paragraph of the text, cut where the given passages begin and end.

    A passage that leaves the paragraph or whose hash is not that of its text is passed over. Raises KelisimError where
    the text has no such paragraph.
    """
    whole = text.paragraph(number)
    sound = [p for p in dict.fromkeys(places) if whole.start <= p.start < p.end <= whole.end and _holds(text, p)]
    cuts = sorted({whole.start, whole.end, *(p.start for p in sound), *(p.end for p in sound)})
    return [
        Segment(
            text.text[start:end],
            tuple(p.passage for p in sound if p.start <= start and end <= p.end),
            tuple(p.passage for p in sound if p.start == start),
        )
        for start, end in pairwise(cuts)
    ]


def _holds(text: ArticleText, place: Place) -> bool:
    return text_digest(text.text[place.start : place.end]) == place.sha256
