"""The data sources of the pages: the store, and what is derived from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Generic, TypeVar

from flask import g, has_request_context

from kg.claims.reading import Records, follow_records, read_records
from kg.history.timeline import Version
from kg.publishing.about import About, about_of_data
from kg.publishing.dumps import MEDIA_TYPES, Dumps
from kg.search.current import CurrentIndex
from kg.search.index import Index
from kg.store.background import Refresher
from kg.store.followed import Followed
from kg.store.reader import Lasting, Reader
from kg.store.store import AS_OF, Store, as_of
from kg.views.article_store import ArticleStore
from kg.views.conflicts import Conflicts, read_conflicts
from kg.views.overview import KINDS, kinds_present, newest_source
from ontology import BASE, PREFIXES, KelisimError
from server.http.languages import LANGUAGES

Statistics = Mapping[str, int | str | dict[str, int]]

_MOST_LABELS: Final = 50_000

_Value = TypeVar("_Value")


class PerVersion(Generic[_Value]):
    """A value that is read from the store again after each change of the data; `latest` is the last one."""

    def __init__(
        self, version: Callable[[], str], read: Callable[[], _Value], first: _Value, first_version: str = ""
    ) -> None:
        """`first` is the value until it is read; `first_version` the version that it is of, empty for none."""
        self._version = version
        self._read = read
        self._read_from = first_version
        self.latest = first

    def get(self) -> _Value:
        """The value for the current version; the last one while the store cannot be read, so that errors have pages."""
        version = self._version()
        if version != self._read_from:
            try:
                with as_of(-1):  # whatever version the request asks
                    self.latest = self._read()
            except KelisimError:
                return self.latest
            self._read_from = version
        return self.latest


def known_prefixes(given: About | None) -> Mapping[str, str]:
    """The namespaces by prefix: those that the operator gives, which count first, and the project's."""
    return {**PREFIXES, **(given.prefixes if given else {})}


@dataclass(frozen=True)
class Site:
    """A store and the operator's settings for pages; the argument of the pages' blueprints.

    statistics: the output of ``kelisim stats``, empty if unknown. articles: the folder with the articles' texts, if the
    operator has one. stated: what the data as loaded say of themselves. given: the operator's description, which counts
    instead. folder: the store's folder, if it has one. engine: what is told of the engine elsewhere, if there is one.
    data: the folder of curated files that the questions are of; None for the shipped ones.
    """

    store: Store
    statistics: Statistics = field(default_factory=dict)
    articles: Path | None = None
    stated: About = field(default_factory=About)
    given: About | None = None
    folder: Path | None = None
    engine: Callable[[], Mapping[str, object]] | None = None
    data: Path | None = None

    @property
    def about(self) -> About:
        """What is said of the dataset, by the operator or else by the data, with the date of the last change."""
        return self._about.get()

    @property
    def latest_about(self) -> About:
        """The same as of the last response of the application, without asking the store."""
        return self._about.latest

    @cached_property
    def _about(self) -> PerVersion[About]:
        def read() -> About:
            about = self.given or about_of_data(self.reader, self.stated.fallback)
            return about.changed(self.store.modified)

        first = (self.given or self.stated).changed(self.store.modified)
        return PerVersion(lambda: self.store.version, read, first, self.store.version)

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """The namespaces by prefix, for IRIs that are shown."""
        return known_prefixes(self.given)

    @property
    def offered_prefixes(self) -> Mapping[str, str]:
        """The same for those who write queries: the project's own namespaces only where the data have such things."""
        own = {p for p, n in self.prefixes.items() if n.startswith(BASE)} if not self.kinds.get() else ()
        return {p: n for p, n in self.prefixes.items() if p not in own}

    @cached_property
    def kinds(self) -> PerVersion[frozenset[str]]:
        """The kinds of things, of `KINDS`, that the data have; for the navigation."""
        return PerVersion(lambda: self.store.version, lambda: kinds_present(self.reader), frozenset(KINDS))

    @cached_property
    def sources_until(self) -> PerVersion[str]:
        """The last day (xsd:date) on which the newest article can have appeared; empty if there is none."""
        return PerVersion(lambda: self.store.version, lambda: newest_source(self.reader), "")

    @property
    def version(self) -> Version:
        """The version of the data that this request shows: the latest, if it does not ask for another."""
        at = AS_OF.get()
        return self.store.timeline.get(at if at >= 0 else self.store.number)

    @property
    def reader(self) -> Reader:
        """A reader of the store: during a request always the same one, which reads nothing twice."""
        if not has_request_context():
            return Reader(self.store)
        readers: dict[int, Reader] = g.setdefault("readers", {})
        at = AS_OF.get()
        if at not in readers:
            readers[at] = Reader(self.store)
            if at < 0:
                readers[at].memory.update(self._lasting.of(self.store.version))
        return readers[at]

    @cached_property
    def _lasting(self) -> Lasting:
        """The labels of what was on pages, most of which are on others too."""
        return Lasting([("labels", code) for code in LANGUAGES], _MOST_LABELS)

    @cached_property
    def article_store(self) -> ArticleStore | None:
        """The articles' texts by hash, if the operator provides them."""
        return ArticleStore(self.articles) if self.articles else None

    @cached_property
    def index(self) -> Refresher[Index]:
        """The full-text index of the store, built on first use, which then follows changes."""
        return Refresher(lambda: self.store.version, CurrentIndex(self.store).get)

    @cached_property
    def claims(self) -> Followed[Records]:
        """The records of all claims, read on first use, which then follow changes."""
        return Followed(self.store, read_records, follow_records)

    @cached_property
    def conflicts(self) -> Refresher[Conflicts]:
        """The conflicts between claims, detected on first use and again after changes."""
        return Refresher(lambda: self.store.version, lambda: read_conflicts(self.reader), "list of conflicts")

    @property
    def files(self) -> Mapping[str, str]:
        """The media types of the dumps that are offered; tables only of data that have what they are of."""
        return {e: t for e, t in MEDIA_TYPES.items() if e != "csv.zip" or self.kinds.get()}

    @cached_property
    def dumps(self) -> Dumps:
        """The dumps of the dataset."""
        return Dumps(self.store, lambda: self.about, self.prefixes)
