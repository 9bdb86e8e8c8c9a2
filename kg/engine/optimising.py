"""What an engine asks of who rewrites its queries (`kg.optimisation`)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyoxigraph as ox

if TYPE_CHECKING:
    from kg.rdf.patches import Patch


@dataclass(frozen=True)
class Rewritten:
    """A query as it is to be evaluated, and why it differs from what was written; no reasons: it is as written."""

    text: str
    reasons: tuple[str, ...] = ()


class QueryOptimiser(Protocol):
    """Rewrites queries over a whole store into ones with the same solutions, and follows the store's patches."""

    def rewritten(self, query: str) -> Rewritten:
        """The query as it is to be evaluated; what is no SPARQL is left as it is."""

    def follow(self, patch: "Patch", store: ox.Store) -> None:
        """Takes a patch into account that is about to be applied to the store."""
