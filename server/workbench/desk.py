"""The working copy of the curated files that a curator edits: undo, redo, saving, the journal.

Files stay the truth: they are read at the start, written whole and atomically, and never over what another has written
in the meantime.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from kg.checks.collection import Collection, CuratedClaim, curated_texts
from kg.checks.examination import find_articles, malformed
from kg.checks.passages import rendered
from kg.checks.reading import CuratedFile, read
from kg.curation.export import make_folder, write
from kg.curation.marks import open_marks
from kg.curation.sources import ArticleText
from kg.curation.writing import ClaimsFile
from kg.rdf.files import read_text
from ontology import PREFIXES, KelisimError
from ontology.namespaces import SRC, shorten
from server.workbench.journal import Entry, Fields, Journal
from server.workbench.merging import merged
from server.workbench.sources import source_of

MOST_STEPS: Final = 200


class ChangedOnDiskError(KelisimError):
    """Files that were changed on disk since they were read; nothing was written."""

    def __init__(self, paths: list[str]) -> None:
        super().__init__(f"Changed on disk since it was read: {', '.join(paths)}. Nothing was written.")
        self.paths = paths


@dataclass(frozen=True)
class Step:
    """An edit: what it was, and the texts before and after it by path; a path without a text is a new file.

    renamed: the new names of claims by their old ones.
    """

    words: str
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Desk:
    """The curated files of a folder, the article in work, and what was done to them.

    articles: the texts that are at hand, by short name. texts: the files as edited, by path. disk: the same as they
    were read or written last. begun: fields of forms that were not kept, by their key. found: the journal of an earlier
    session, until it is taken up or discarded.
    """

    folder: Path
    article: str
    articles: Mapping[str, ArticleText]
    texts: dict[str, str]
    journal: Journal
    disk: dict[str, str] = field(default_factory=dict)
    begun: dict[str, Fields] = field(default_factory=dict)
    found: Entry | None = None
    left: list[tuple[str, str]] = field(default_factory=list)
    """What is no longer at its place: claims that could not be put on what another wrote, with their source, and forms
    that were begun of claims that are gone, with their entries."""
    warning: str = ""
    """Why the journal could not be written last; what was edited stands nevertheless."""
    _done: list[Step] = field(default_factory=list)
    _undone: list[Step] = field(default_factory=list)
    _seen: dict[str, tuple[tuple[int, int, int], str]] = field(default_factory=dict)
    """The marks of files on disk that had these texts."""
    _files: dict[str, tuple[str, CuratedFile]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, article: str, articles: Path, state: Path | None = None) -> "Desk":
        """The desk of an article; raises KelisimError if the files cannot be read, or there is no such article."""
        texts = curated_texts(folder)
        files = {path: (text, read(text, path)) for path, text in texts.items()}
        collection = Collection(tuple(f for _, f in files.values()))
        if wrong := malformed(texts, collection):
            raise KelisimError(f"{wrong[0]} Correct the file by hand, then start again.")
        found, _ = find_articles(collection, articles)
        if article not in found:
            listed = ", ".join(sorted(found)) or "none"
            raise KelisimError(
                f"There is no article {article!r} with a record in sources.ttl and its text in {articles}; there are: "
                f"{listed}. Begin one with: kelisim draft {article} --articles {articles}"
            )
        if f"claims/{article}.trig" not in texts:
            raise KelisimError(f"There is no claims/{article}.trig in {folder}: begin it with kelisim draft {article}.")
        journal = Journal(folder, article, state)
        return cls(folder, article, found, texts, journal, dict(texts), found=journal.read(), _files=files)

    @property
    def text(self) -> ArticleText:
        """The article in work."""
        return self.articles[self.article]

    @property
    def path(self) -> str:
        """The path of the article's claims below the folder."""
        return f"claims/{self.article}.trig"

    @cached_property
    def file(self) -> ClaimsFile:
        """The file of the article's claims, as edited."""
        return ClaimsFile.read(self.texts[self.path], self.path)

    @cached_property
    def collection(self) -> Collection:
        """All files as edited, read; again after each edit, but only those that it touched."""
        for path, text in self.texts.items():
            if path not in self._files or self._files[path][0] is not text:
                self._files[path] = (text, read(text, path))
        return Collection(tuple(self._files[path][1] for path in self.texts), self.articles)

    def claim(self, name: str) -> CuratedClaim | None:
        """A claim of the article by its name."""
        return next((c for c in self.claims if c.name == name), None)

    @cached_property
    def claims(self) -> tuple[CuratedClaim, ...]:
        """The claims of the article, in order."""
        return tuple(c for c in self.collection.claims if c.file == self.path)

    @property
    def publisher(self) -> str:
        """The publisher of the article with its prefix, or empty."""
        return shorten(self.collection.publishers.get(self.article, ""))

    @property
    def unsaved(self) -> dict[str, str]:
        """The texts that differ from the disk, by path; an empty one of a file that is to be taken away."""
        gone = {path: "" for path in self.disk if path not in self.texts}
        return gone | {path: text for path, text in self.texts.items() if self.disk.get(path) != text}

    @property
    def language(self) -> str:
        """The language of the article, or empty."""
        record = self.collection.described.get(str(SRC) + self.article, ())
        return next((s.value for s in record if s.predicate == PREFIXES["dcterms"] + "language"), "")

    @property
    def proposed(self) -> int:
        """How many lines of the claims have the mark of a proposal that nobody has judged."""
        return len(open_marks(self.texts[self.path]))

    @property
    def undoable(self) -> str:
        """What would be undone, in words, or empty."""
        return self._done[-1].words if self._done else ""

    @property
    def redoable(self) -> str:
        """What would be done again, in words, or empty."""
        return self._undone[-1].words if self._undone else ""

    def edit(self, words: str, texts: Mapping[str, str], renamed: Mapping[str, str] | None = None) -> bool:
        """Puts texts in the place of those at their paths, and what follows of passages; whether one differs.

        `renamed` are the new names of claims by their old ones: forms that were begun go with their claim. Raises
        KelisimError, and does nothing, if one is malformed.
        """
        changed = {path: text for path, text in texts.items() if self.texts.get(path) != text}
        files = [read(text, path) for path, text in changed.items()]
        if wrong := malformed(changed, Collection(tuple(files))):
            raise KelisimError(f"Line {wrong[0].line}: {wrong[0].wrong} {wrong[0].mend}")
        if not changed:
            return False
        before = {p: self.texts.get(p) for p in changed}
        self.texts |= changed
        self._forget()
        passages = f"passages/{self.article}.ttl"
        if (text := rendered(self.collection, self.article)) and text != self.texts.get(passages):
            before[passages], changed[passages] = self.texts.get(passages), text
        self._done.append(Step(words, before, changed, renamed or {}))
        del self._done[:-MOST_STEPS]
        self._undone.clear()
        self._put(changed, renamed or {})
        return True

    def undo(self) -> str:
        """Undoes the last edit; what it was, or empty if there is none."""
        return self._move(self._done, self._undone, back=True)

    def redo(self) -> str:
        """Does again what was undone last; what it was, or empty if there is none."""
        return self._move(self._undone, self._done, back=False)

    def _move(self, source: list[Step], target: list[Step], *, back: bool) -> str:
        if not source:
            return ""
        step = source.pop()
        target.append(step)
        renamed = {new: old for old, new in step.renamed.items()} if back else step.renamed
        self._put(step.before if back else step.after, renamed)
        return step.words

    def _put(self, texts: Mapping[str, str | None], renamed: Mapping[str, str]) -> None:
        for path, text in texts.items():
            if text is None:
                del self.texts[path]
            else:
                self.texts[path] = text
        self._forget()
        self._rename_forms(renamed)
        self.note()

    def _rename_forms(self, renamed: Mapping[str, str]) -> None:
        """Keys the forms that were begun by the new names of their claims; those of claims that are gone are left."""
        keys = {f"claim:{old}": f"claim:{new}" for old, new in renamed.items()}
        there = {f"claim:{c.name}" for c in self.claims}
        begun: dict[str, Fields] = {}
        for key, fields in self.begun.items():
            kept = keys.get(key, key)
            if (key not in keys and key in keys.values()) or (kept.startswith("claim:") and kept not in there):
                self.left.append(_left(key, fields))
            else:
                begun[kept] = [(n, keys.get(v, v)) for n, v in fields]
        self.begun = begun

    def _forget(self) -> None:
        for name in ("collection", "claims", "file"):
            self.__dict__.pop(name, None)

    def begin(self, key: str, fields: Fields) -> None:
        """Keeps the fields of a form that is being filled in; none drops it."""
        if fields:
            self.begun[key] = fields
        else:
            self.begun.pop(key, None)
        self.note()

    def note(self) -> None:
        """Writes the journal; where it cannot be written, `warning` tells why."""
        unsaved = self.unsaved
        paths = {*unsaved, self.path}  # forms that were begun are of claims as they stand there
        try:
            self.journal.write(unsaved, {p: self.disk[p] for p in paths if p in self.disk}, self.begun)
            self.warning = ""
        except KelisimError as error:
            self.warning = str(error)

    def take_up(self) -> None:
        """Takes up the edits of an earlier session, on top of what the files hold now."""
        if entry := self.found:
            self._rebase(entry.base, entry.texts, self.disk, entry.forms)
            self.found = None
            self.note()

    def discard(self) -> None:
        """Discards the edits of an earlier session."""
        self.found = None
        self.note()

    def save(self) -> list[str]:
        """Writes the files that differ; their paths.

        Raises ChangedOnDiskError, and writes nothing, if another has changed one of them since it was read.
        """
        unsaved = self.unsaved
        if changed := [path for path in unsaved if self._on_disk(path) != self.disk.get(path)]:
            raise ChangedOnDiskError(changed)
        for path, text in unsaved.items():
            if path in self.texts:
                make_folder((self.folder / path).parent)
                write(text.encode(), self.folder / path)
                self.disk[path] = text
            else:
                _remove(self.folder / path)
                del self.disk[path]
        self.note()
        return [*unsaved]

    def reload(self) -> None:
        """Reads the files again and puts the edits on top; `left` are claims that another has changed as well."""
        base, mine = dict(self.disk), self.unsaved
        texts = curated_texts(self.folder)
        collection = Collection(tuple(read(text, path) for path, text in texts.items()))
        if wrong := malformed(texts, collection):
            raise KelisimError(f"{wrong[0]} Correct the file by hand, then read it again.")
        if self.path not in texts:
            raise KelisimError(f"{self.folder / self.path} is gone. Put it back, from Git say, then read it again.")
        self._rebase(base, mine, texts, self.begun)
        self.note()

    def _rebase(
        self, base: Mapping[str, str], mine: Mapping[str, str], disk: Mapping[str, str], forms: Mapping[str, Fields]
    ) -> None:
        """Puts edits that were made on `base` on what the disk holds now; there is no undoing beyond.

        What cannot be put on it is left, forms of claims that another has changed as well.
        """
        texts, left = dict(disk), []
        for path, text in mine.items():
            now = disk.get(path, "")
            try:
                result, over = merged(path, base.get(path, ""), text, now)
                if result != now and malformed({path: result}, Collection((read(result, path),))):
                    result, over = now, [(path, text)]
            except KelisimError:
                result, over = now, [(path, text)]
            left += over
            if result:
                texts[path] = result
            else:
                texts.pop(path, None)
        before, after = (ClaimsFile.read(t, self.path) for t in (self._edited(base, mine), texts[self.path]))
        begun = dict(forms)
        for key in forms:
            kind, _, name = key.partition(":")
            if kind == "claim" and (name not in after.claims or _source(before, name) != _source(after, name)):
                left.append(_left(key, begun.pop(key)))
        self.texts, self.disk, self.begun = texts, dict(disk), begun
        self.left += left
        self._done.clear()
        self._undone.clear()
        self._forget()

    def _edited(self, base: Mapping[str, str], mine: Mapping[str, str]) -> str:
        """The claims as they were when forms were begun."""
        return mine.get(self.path) or base.get(self.path) or self.texts[self.path]

    def changed_on_disk(self) -> list[str]:
        """The paths of files that another has changed or taken away since they were read or written here."""
        found = []
        for path, text in self.disk.items():
            try:
                status = (self.folder / path).stat()
            except OSError:
                found.append(path)
                continue
            mark = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._seen.get(path) == (mark, text):
                continue
            try:
                same = self._on_disk(path) == text
            except KelisimError:
                same = False
            if same:
                self._seen[path] = (mark, text)
            else:
                found.append(path)
        return found

    def _on_disk(self, path: str) -> str | None:
        file = self.folder / path
        return read_text(file) if file.is_file() else None


def _left(key: str, fields: Fields) -> tuple[str, str]:
    """What was entered into a form whose claim is gone, by the name of the claim."""
    return key.removeprefix("claim:"), "\n".join(f"{n}: {v}" for n, v in fields if v)


def _source(file: ClaimsFile, name: str) -> str:
    return source_of(file, name) if name in file.claims else ""


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise KelisimError(f"Cannot remove {path}: {error.strerror}. Remove it by hand, then save again.") from error
