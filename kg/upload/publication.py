"""Brings an engine to a version of a dataset: compares, writes what differs, reads it back."""

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import product
from typing import Final

from kg.upload.checking import check
from kg.upload.connection import Connection
from kg.upload.content import Content, Part, Signature
from kg.upload.locking import PUBLISH, Locks
from kg.upload.manifest import UNKNOWN, Manifest, of_beginning, of_content, of_parts, read_manifest
from kg.upload.names import PUBLISHED_GRAPH
from kg.upload.probing import Features, guess, probe
from kg.upload.reading import Reader
from kg.upload.staging import Change, Located, Progress, Writer
from kg.upload.staging import replace as replace_triples
from ontology import KelisimError

STAGED_QUADS: Final = 200_000
"""Larger changes are written in place: staged, they would take five times their size, and the switch their memory."""

WAIT_SECONDS: Final = 150.0
"""How long a publication waits for other writers: longer than the lock of a dead one holds."""

_IN_PLACE: Final = "in place"
_DROPPED: Final = 50
"""Graphs whose names one request drops."""

Told = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and of how much."""


@dataclass(frozen=True)
class Report:
    """What a run did."""

    digest: str
    version: str
    store_version: int | None
    quads: int
    """In the engine after it."""
    added: int = 0
    removed: int = 0
    parts: int = 0
    """Parts that were sent, or would be."""
    unchanged: int = 0
    """Parts that were as the last run had left them."""
    resumed: int = 0
    """Requests that an earlier run had sent, and that were not sent again."""
    way: str = "nothing"
    """``staged``, ``in place``, ``nothing``, or ``dry run``."""
    atomic: bool | None = None
    """Whether readers saw all of it at once; None if that is not known of the engine."""
    default_graph: str = ""
    """The named graph of the default graph's triples; empty if they are in the engine's default graph."""
    rewritten: Mapping[str, str] = field(default_factory=dict)
    """Literals that the engine keeps in another form of the same value."""


@dataclass(frozen=True)
class _Work:
    """What is to be written, and what there is."""

    content: Content
    changed: Collection[Part]
    change: Change
    manifest: Manifest
    progress: Progress | None


@contextmanager
def publishing(
    connection: Connection, told: Told, *, dry_run: bool = False, overwrite: bool = False, wait: float = WAIT_SECONDS
) -> Iterator["Publisher"]:
    """A publisher that has the engine for itself while the block runs; one that writes nothing needs no lock.

    Raises what `Publisher` and `Locks.held` raise.
    """
    if dry_run:
        yield Publisher(connection, told, dry_run=True, overwrite=overwrite)
        return
    waiting = lambda holder, seconds: told(f"Waiting for {holder}", int(seconds), int(wait))  # noqa: E731
    with Locks(connection).held(PUBLISH, wait, waiting) as lock:
        yield Publisher(connection, told, overwrite=overwrite, guard=lock.pattern)


class Publisher:
    """Publishes versions, one after another, to one engine. No other may write there meanwhile: see `publishing`."""

    def __init__(
        self, connection: Connection, told: Told, *, dry_run: bool = False, overwrite: bool = False, guard: str = ""
    ) -> None:
        """`overwrite` replaces what is in the graphs of the dataset though it was not published by us.

        `guard` is a pattern without which nothing that is staged is made true.

        Raises KelisimError if the engine cannot be reached or written to.
        """
        self._connection = connection
        self._tell = told
        self.dry_run = dry_run
        self._overwrite = overwrite
        self._guard = guard
        self.manifest = read_manifest(connection)
        """What the engine holds of ours; None if nothing was ever published."""
        self._features = self._probed()

    def _probed(self) -> Features:
        found = guess(self._connection) if self.dry_run else probe(self._connection)
        if self.dry_run and self.manifest:
            return replace(found, union_default_graph=bool(self.manifest.default))
        if self.manifest and self.manifest.default != found.default:
            raise KelisimError(
                "The engine's default graph was "
                + ("the union of all graphs" if self.manifest.default else "a graph of its own")
                + f" when the dataset was published, and is not now. Set it back, or drop <{PUBLISHED_GRAPH}> and "
                "publish again with --overwrite."
            )
        return found

    def publish(self, content: Content, known: Mapping[Part, set[str]] | None = None) -> Report:
        """Brings the engine to this content and checks it. `known` is what parts held before, where that is known.

        Raises KelisimError if the engine fails or refuses, if its graphs hold what was not published by us, or if what
        is read back is not what was sent. A run that ended early is gone on with where it was.
        """
        manifest = self.manifest or self._unpublished(content)
        if manifest.changes and not (self._overwrite or self.dry_run):
            raise KelisimError(
                f"Since the dataset was published there, {manifest.changes} changes were made to it through "
                f"kelisim serve --allow-updates, the last at {manifest.modified}. --overwrite replaces them; --dry-run "
                "tells how much that is."
            )
        told, everywhere = manifest, self._overwrite and known is None
        if everywhere:  # what is told of the parts is not believed
            manifest = replace(told, parts={**dict.fromkeys(_possible(content, told), UNKNOWN), **told.parts})
        listed = content.signatures.keys() | manifest.parts
        changed = {part for part in listed if everywhere or _differs(part, content, told)}
        reader = Reader(self._connection, self._features.default)
        report = Report(
            content.digest, content.version, content.store_version, content.count, default_graph=self._features.default
        )
        if not changed and _is_of(manifest, content):
            self._check(reader, content, changed)
            return replace(report, unchanged=len(content.signatures))
        progress = self._writer("Sending", 0).progress()
        everything = self._change(content, changed, {})
        if not manifest.digest and (not manifest.parts or (progress and progress.run == everything.name(_IN_PLACE))):
            change = everything
        else:
            held = self._held(reader, content, changed, manifest, known or {})
            if everywhere:
                changed = {p for p in changed if _differs(p, content, told) or held.get(p) != content.parts.get(p)}
                changed = {p for p in changed if p in told.parts or held.get(p) or p in content.parts}
            change = self._change(content, changed, held)
        report = replace(report, parts=len(changed), unchanged=len(content.signatures.keys() - changed))
        if not changed and _is_of(manifest, content) and not self.dry_run:
            self._check(reader, content, changed)
            return report
        report = replace(report, added=len(change.adds), removed=len(change.removes))
        if self.dry_run:
            return replace(report, way="dry run")
        work = _Work(content, changed, change, manifest, progress)
        if len(change) <= STAGED_QUADS:
            resumed = self._stage(work)
            report = replace(report, way="staged", atomic=self._features.atomic or None, resumed=resumed)
            self._check(reader, content, changed, only_changed=known is not None)
        else:
            resumed = self._write_in_place(work, lambda: self._check(reader, content, changed))
            report = replace(report, way="in place", atomic=False, resumed=resumed)
        return replace(report, rewritten=dict(reader.rewritten))

    def _unpublished(self, content: Content) -> Manifest:
        """Of an engine on which nothing was published. Raises KelisimError if it holds something all the same."""
        found = Manifest(default=self._features.default)
        if self._overwrite:
            return replace(found, parts=dict.fromkeys(_all_parts(content), UNKNOWN))
        counts = Reader(self._connection, found.default).counts(content.lengths)
        if taken := {graph: count for graph, count in counts.items() if count}:
            graph, count = min(taken.items())
            raise KelisimError(
                f"The engine has {count} triples in {f'<{graph}>' if graph else 'its default graph'}, which were not "
                "published from here. Give the dataset an engine or repository of its own; --overwrite replaces what "
                f"is in the {len(content.lengths)} graphs of the dataset."
            )
        return found

    def _held(
        self,
        reader: Reader,
        content: Content,
        changed: Collection[Part],
        manifest: Manifest,
        known: Mapping[Part, set[str]],
    ) -> dict[Part, set[str]]:
        """What the engine holds in parts that are to be changed."""
        held = {
            part: triples
            for part, triples in known.items()
            if part in changed and Signature.of(triples) == manifest.parts.get(part)
        }
        wanted = {
            part: max(manifest.parts[part].size, content.signatures.get(part, UNKNOWN).size)
            for part in changed
            if part in manifest.parts and part not in held
        }
        for part, triples in reader.parts(wanted):
            held[part] = triples
            self._tell("Comparing", len(held), len(wanted))
        return held

    def _change(self, content: Content, changed: Collection[Part], held: Mapping[Part, set[str]]) -> Change:
        """What is to be written, in the order of graphs and triples."""
        adds, removes = list[Located](), list[Located]()
        for part in sorted(changed):
            graph, has = part.graph or self._features.default, held.get(part, set())
            should = content.parts.get(part, set())
            adds += ((graph, triple) for triple in sorted(should - has))
            removes += ((graph, triple) for triple in sorted(has - should))
        return Change(adds, removes)

    def _writer(self, what: str, total: int) -> Writer:
        return Writer(
            self._connection, quads=self._features.takes_quads, told=lambda done: self._tell(what, done, total)
        )

    def _run(self, writer: Writer, name: str, progress: Progress | None) -> Progress:
        """The run to begin, or to go on with."""
        if progress and progress.run == name:
            return progress
        writer.clear()
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Progress(name, 0, now)

    def _stage(self, work: "_Work") -> int:
        """Writes the change beside what is there, then switches; how many requests an earlier run had sent."""
        change, default = work.change, self._features.default
        writer = self._writer("Sending", len(change))
        run = self._run(writer, change.name("staged"), work.progress)
        told = of_content(work.content, default, run.time)
        whole = Change(
            [*change.adds, *((PUBLISHED_GRAPH, t) for t in sorted(told - work.manifest.triples))],
            [*change.removes, *((PUBLISHED_GRAPH, t) for t in sorted(work.manifest.triples - told))],
        )
        writer.stage(whole, run)
        self._tell("Switching", 0, 1)
        writer.switch(run, default=any(not graph for graph, _ in (*change.adds, *change.removes)), guard=self._guard)
        self.manifest = _manifest(work.content, default, run.time, told)
        self._tidy(writer, work)
        return run.sent

    def _write_in_place(self, work: "_Work", checked: Callable[[], None]) -> int:
        """Writes the change where it belongs; what was published is told last, once it is checked."""
        manifest, default = work.manifest, self._features.default
        unsure = manifest.triples - of_parts({p: s for p, s in manifest.parts.items() if p in work.changed})
        unsure |= of_beginning(work.changed, default)
        self._tell_published(manifest.triples, unsure)
        self.manifest = replace(manifest, triples=unsure)
        writer = self._writer("Sending", len(work.change))
        run = self._run(writer, work.change.name(_IN_PLACE), work.progress)
        writer.add(work.change.adds, run)
        writer.remove(work.change.removes)
        checked()
        told = of_content(work.content, default, run.time)
        self._tell_published(unsure, told)
        self.manifest = _manifest(work.content, default, run.time, told)
        self._tidy(writer, work)
        return run.sent

    def _tell_published(self, before: Set[str], after: Set[str]) -> None:
        """Changes the graph that tells what is published."""
        replace_triples(self._connection, PUBLISHED_GRAPH, sorted(before - after), sorted(after - before))

    def _tidy(self, writer: Writer, work: "_Work") -> None:
        """Removes what was staged, and the names of graphs that went, which some engines keep."""
        writer.clear()
        gone = sorted({part.graph for part in work.changed if part.graph} - work.content.counts().keys())
        for start in range(0, len(gone), _DROPPED):
            self._connection.update(" ; ".join(f"DROP SILENT GRAPH <{g}>" for g in gone[start : start + _DROPPED]))

    def _check(
        self, reader: Reader, content: Content, changed: Collection[Part], *, only_changed: bool = False
    ) -> None:
        """Raises KelisimError, with examples, if the engine does not have what it should; the next run mends it."""
        self._tell("Checking", 0, 1)
        findings = check(reader, content, changed, only_changed=only_changed)
        if not findings.words:
            return
        manifest = self.manifest or Manifest()
        doubtful = {p for p in content.signatures if p in findings.parts or p.graph in findings.counts}
        unsure = manifest.triples - of_parts({p: content.signatures[p] for p in doubtful})
        if not self.dry_run:
            self._tell_published(manifest.triples, unsure | of_parts(dict.fromkeys(doubtful, UNKNOWN)))
        raise KelisimError(
            f"The engine does not have what was sent:\n{findings.words}\nThe next run compares these parts again. Does "
            "another write to the engine, or does it refuse such values?"
        )


def _differs(part: Part, content: Content, manifest: Manifest) -> bool:
    return content.signatures.get(part) != manifest.parts.get(part)


def _is_of(manifest: Manifest, content: Content) -> bool:
    """Whether it tells of this version."""
    found = manifest.digest, manifest.version, manifest.store_version
    return found == (content.digest, content.version, content.store_version)


def _manifest(content: Content, default: str, time: str, triples: frozenset[str]) -> Manifest:
    """As it is read after a run."""
    return Manifest(
        content.digest,
        content.version,
        time,
        content.store_version,
        default,
        0,
        dict(content.signatures),
        triples,
    )


def _possible(content: Content, manifest: Manifest) -> Iterator[Part]:
    """All parts that the graphs of the content can have, of graphs that are divided as they were."""
    lengths = manifest.lengths
    return (p for p in _all_parts(content) if len(p.prefix) == lengths.get(p.graph, len(p.prefix)))


def _all_parts(content: Content) -> Iterator[Part]:
    """All parts that the graphs of the content can have."""
    for graph, length in content.lengths.items():
        yield from (Part(graph, "".join(digits)) for digits in product("0123456789abcdef", repeat=length))
