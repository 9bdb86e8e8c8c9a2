"""The metadata of versions."""

from dataclasses import dataclass

from kg.rdf.patches import parse


@dataclass(frozen=True)
class Entry:
    """The metadata of a version: its patch's header (empty strings for missing fields) and the numbers of quads."""

    version: int
    id: str
    time: str
    author: str
    message: str
    deletes: int
    adds: int


def parse_entry(version: int, payload: bytes) -> Entry:
    """The metadata of a version from its serialised patch."""
    text = b"\n" + payload
    header = parse(text.partition(b"\nTX .\n")[0]).header
    return Entry(
        version,
        id=header.get("id", ""),
        time=header.get("time", ""),
        author=header.get("author", ""),
        message=header.get("message", ""),
        deletes=text.count(b"\nD "),
        adds=text.count(b"\nA "),
    )
