"""What the pages are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kg.reader import Reader
from kg.store import Store

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
