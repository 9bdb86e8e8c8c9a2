"""The data sources of the pages: the store, and what is derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kg.publishing.dumps import Dumps
from kg.search.index import Index
from kg.search.texts import read_texts
from kg.store.background import Refresher
from kg.store.reader import Reader
from kg.store.store import Store
from kg.views.article_store import ArticleStore

Statistics = Mapping[str, int | str | dict[str, int]]


@dataclass(frozen=True)
class Site:
    """A store and the operator's settings for pages; the argument of the pages' blueprints.

    statistics: the output of ``kelisim stats``, empty if unknown. articles: the folder with the articles' texts, if the
    operator has one.
    """

    store: Store
    statistics: Statistics = field(default_factory=dict)
    articles: Path | None = None

    @property
    def reader(self) -> Reader:
        """A reader of the store."""
        return Reader(self.store)

    @cached_property
    def article_store(self) -> ArticleStore | None:
        """The articles' texts by hash, if the operator provides them."""
        return ArticleStore(self.articles) if self.articles else None

    @cached_property
    def index(self) -> Refresher[Index]:
        """The full-text index of the store, built on first use and rebuilt after changes."""
        return Refresher(lambda: self.store.version, lambda: Index(read_texts(self.reader)))

    @cached_property
    def dumps(self) -> Dumps:
        """The dumps of the dataset."""
        return Dumps(self.store)
