"""The versions of a dataset, in time: which there are, and which one a number, a digest or a date means."""

import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from kg.history.history import History
from kg.history.versions import Entry
from ontology import KelisimError

LEAST_DIGITS: Final = 12
"""How many digits of a digest are enough to name it."""

_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
_DIGEST: Final = re.compile(rf"[0-9a-f]{{{LEAST_DIGITS},64}}", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME_ROW: Final = re.compile(rb'^H time "([^"\\\n]*)"', re.MULTILINE)
_HEAD_BYTES: Final = 4096


class VersionSyntaxError(KelisimError):
    """What was given names no version in any way."""


class UnknownVersionError(KelisimError):
    """There was never such a version."""


class VersionGoneError(KelisimError):
    """There was such a version, but a compaction has given it up."""


@dataclass(frozen=True)
class Version:
    """A version: its number, when it was made (xsd:dateTime), who made it, why, and how many quads it changed.

    digest: that of `kg.rdf.set_digest`; None while it is being worked out. sha256: the SHA-256 of the sorted canonical
    N-Quads, as ``kelisim stats`` prints it; empty where it was never worked out, which it is for builds and snapshots.
    """

    number: int
    time: str
    digest: str | None
    sha256: str = ""
    author: str = ""
    message: str = ""
    deletes: int = 0
    adds: int = 0


class Timeline(Protocol):
    """The versions of a dataset from `oldest` to `latest`."""

    @property
    def oldest(self) -> int:
        """The first version that is still there."""

    @property
    def latest(self) -> int:
        """The version of now."""

    def get(self, number: int) -> Version:
        """One version; raises UnknownVersionError or VersionGoneError."""

    def at(self, moment: datetime) -> int:
        """The latest version at that time; raises UnknownVersionError or VersionGoneError."""

    def resolve(self, given: str) -> int:
        """The number of the version that is meant by a number, a digest (or its beginning) or an xsd:date or dateTime.

        A date means the end of that day, in UTC; so does a time without a zone. Raises VersionSyntaxError too.
        """


class BuildTimeline:
    """The one version, 0, of a dataset that does not change."""

    oldest = latest = 0

    def __init__(self, time: str, sha256: str, digest: Callable[[], str]) -> None:
        self._time, self._sha256, self._digest = time, sha256, digest
        self._known = ""

    def get(self, number: int) -> Version:
        """See `Timeline`."""
        _check(self, number)
        self._known = self._known or self._digest()
        return Version(0, self._time, self._known, self._sha256)

    def at(self, moment: datetime) -> int:
        """See `Timeline`."""
        if moment < parse_time(self._time):
            raise _before(self, moment, self._time)
        return 0

    def resolve(self, given: str) -> int:
        """See `Timeline`."""
        return _resolve(self, given, self._of_digest)

    def _of_digest(self, beginning: str) -> int | None:
        own = self.get(0)
        return 0 if own.sha256.startswith(beginning) or (own.digest or "").startswith(beginning) else None


class HistoryTimeline:
    """The versions of a history that is open. Thread-safe; follows it while it grows."""

    def __init__(self, history: History, visible: Callable[[], int] | None = None) -> None:
        """`visible` gives the latest version that readers see, if that is not the history's own."""
        self.history = history
        self._visible = visible or (lambda: history.version)
        self._lock = threading.Lock()
        self._base = -1
        self._times: list[datetime] = []

    @property
    def oldest(self) -> int:
        """See `Timeline`."""
        return self.history.oldest

    @property
    def latest(self) -> int:
        """See `Timeline`."""
        return self._visible()

    def get(self, number: int) -> Version:
        """See `Timeline`."""
        _check(self, number)
        return self._version(self.history.entry(number))

    def newest_first(self, before: int, count: int) -> Iterator[Version]:
        """So many versions before a number, the newest first."""
        first = min(before - 1, self.latest)
        return (self._version(self.history.entry(n)) for n in range(first, max(first - count, self.oldest - 1), -1))

    def at(self, moment: datetime) -> int:
        """See `Timeline`."""
        with self._lock:
            self._follow()
            place = bisect_right(self._times, moment)
            first = self._times[0].isoformat()
        if not place:
            raise _before(self, moment, first)
        return min(self._base + place - 1, self.latest)

    def resolve(self, given: str) -> int:
        """See `Timeline`."""
        return _resolve(self, given, self._of_digest)

    def _of_digest(self, beginning: str) -> int | None:
        if self.history.snapshot_sha256.startswith(beginning):
            return self.oldest
        return self.history.digests.find(beginning, self.latest)

    def _version(self, entry: Entry) -> Version:
        history, number = self.history, entry.version
        sha256 = history.snapshot_sha256 if number == history.oldest else ""
        digest = history.digests.get(number)
        return Version(
            number, entry.time, digest, sha256, entry.author, entry.message, deletes=entry.deletes, adds=entry.adds
        )

    def _follow(self) -> None:
        """Reads the times of the versions since the last call; none is before that of an earlier version."""
        history = self.history
        if history.oldest != self._base:
            self._base = history.oldest
            self._times = [parse_time(history.first_time)]
        known = self._base + len(self._times) - 1
        times = [_time_of(payload) for _, payload in history.payloads(known, history.version)]
        if known == self._base and times and times[0]:  # a copy of the file is newer than the version
            self._times = [min(self._times[0], times[0])]
        for time in times:
            self._times.append(max(time or self._times[-1], self._times[-1]))


def parse_time(text: str) -> datetime:
    """An xsd:dateTime or xsd:date (then its beginning), in UTC if it has no zone; raises VersionSyntaxError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise VersionSyntaxError(
            f"{text!r} is no date and no time: write 2024-11-27 or 2024-11-27T12:00:00Z."
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _resolve(timeline: Timeline, given: str, of_digest: Callable[[str], int | None]) -> int:
    given = given.strip()
    if _NUMBER.fullmatch(given):
        _check(timeline, int(given))
        return int(given)
    if _DIGEST.fullmatch(given.lower()):
        found = of_digest(given.lower())
        if found is None:
            raise UnknownVersionError(f"No version has a digest that begins with {given}. {_which(timeline)}")
        return found
    if _DAY.fullmatch(given):
        return timeline.at(parse_time(given) + timedelta(days=1) - timedelta(microseconds=1))
    if re.match(r"\d{4}-\d\d-\d\d[T ]", given):
        return timeline.at(parse_time(given.replace(" ", "+") if "T" in given else given))  # + in an address
    raise VersionSyntaxError(
        f"version={given[:80]} is no version: give a number ({timeline.oldest} to {timeline.latest}), at least "
        f"{LEAST_DIGITS} digits of a digest, or a date or time such as 2024-11-27 or 2024-11-27T12:00:00Z."
    )


def _check(timeline: Timeline, number: int) -> None:
    if number > timeline.latest:
        raise UnknownVersionError(f"There is no version {number}. {_which(timeline)}")
    if number < timeline.oldest:
        raise VersionGoneError(
            f"Version {number} is gone: the store was compacted, which gives up the versions before. {_which(timeline)}"
        )


def _before(timeline: Timeline, moment: datetime, first: str) -> KelisimError:
    if timeline.oldest:
        return VersionGoneError(
            f"The version of {moment.isoformat()} is gone: the store was compacted, which gives up the versions before "
            f"{timeline.oldest}, of {first}. {_which(timeline)}"
        )
    return UnknownVersionError(f"At {moment.isoformat()} there was no version: the first is of {first}.")


def _which(timeline: Timeline) -> str:
    if timeline.oldest == timeline.latest:
        return f"There is version {timeline.latest} alone."
    return f"There are versions {timeline.oldest} to {timeline.latest}."


def _time_of(payload: bytes) -> datetime | None:
    found = _TIME_ROW.search(payload, 0, _HEAD_BYTES)
    try:
        return parse_time(found[1].decode()) if found else None
    except VersionSyntaxError:
        return None
