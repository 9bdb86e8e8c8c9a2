"""Things by graph pattern. Those that a page will ask for one after another are asked together, in one query."""

from collections.abc import Iterable
from dataclasses import dataclass

from kg.store.reader import Reader


@dataclass(frozen=True)
class Search:
    """The distinct things that a graph pattern binds to ``?thing``, in order of their IRIs, at most `limit`.

    Not `ordered`: in the engine's order, which is stable within a version; of very many it need not read all.
    """

    pattern: str
    limit: int
    ordered: bool = True


def find(reader: Reader, search: Search) -> list[str]:
    """The IRIs of the things."""
    find_ahead(reader, [search])
    found: list[str] = reader.memory["searches"][search]
    return found


def find_ahead(reader: Reader, searches: Iterable[Search]) -> list[str]:
    """What the searches find together; `find` then knows what each one does."""
    known = reader.memory["searches"]
    new = [search for search in dict.fromkeys(searches) if search not in known]
    if new:
        parts = " UNION ".join(f"{{ {_query(search, number)} }}" for number, search in enumerate(new))
        rows = reader.rows(f"SELECT ?part ?thing WHERE {{ {parts} }} LIMIT {sum(search.limit for search in new)}")
        known.update((search, []) for search in new)
        for row in rows:
            known[new[int(row["part"].value)]].append(row["thing"].value)
        for search in new:
            if search.ordered:  # the order of a part need not outlive the union
                known[search].sort()
    return [iri for search in searches for iri in known[search]]


def _query(search: Search, number: int) -> str:
    order = "ORDER BY ?thing" if search.ordered else ""
    things = f"SELECT DISTINCT ?thing WHERE {{ {search.pattern} }} {order} LIMIT {search.limit}"
    return f"{{ {things} }} BIND({number} AS ?part)"
