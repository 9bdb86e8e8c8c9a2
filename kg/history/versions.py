"""What is told of the versions of a store."""

from dataclasses import dataclass

from kg.rdf.patches import parse


@dataclass(frozen=True)
class Entry:
    """What is told of a version: from its patch's header (empty where that says nothing), and how many quads."""

    version: int
    id: str
    time: str
    author: str
    message: str
    deletes: int
    adds: int


def entry_of(version: int, payload: bytes) -> Entry:
    """What the patch that makes a version tells of it."""
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
