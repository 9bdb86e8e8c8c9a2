"""What the pages are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kg.publishing.dumps import Dumps
from kg.search.index import Index
from kg.search.texts import read_texts
from kg.store.background import Current
from kg.store.reader import Reader
from kg.store.store import Store
from kg.views.article_store import Shelf

Statistics = Mapping[str, int | str | dict[str, int]]


@dataclass(frozen=True)
class Site:
    """One store and what the operator gives beside it; the blueprints of the pages take it.

    statistics: what ``kelisim stats`` tells, empty where it is not known. articles: the operator's folder with the
    articles' texts, if there is one.
    """

    store: Store
    statistics: Statistics = field(default_factory=dict)
    articles: Path | None = None

    @property
    def reader(self) -> Reader:
        """Asks the store."""
        return Reader(self.store)

    @cached_property
    def shelf(self) -> Shelf | None:
        """The articles' texts by their hashes, where the operator gives them."""
        return Shelf(self.articles) if self.articles else None

    @cached_property
    def index(self) -> Current[Index]:
        """The index of the store's texts, made when it is first asked for and kept up to date."""
        return Current(lambda: self.store.version, lambda: Index(read_texts(self.reader)))

    @cached_property
    def dumps(self) -> Dumps:
        """The whole dataset as files."""
        return Dumps(self.store)
