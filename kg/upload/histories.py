"""Publishes a store's history: a version, then each later one by its patch."""

from collections.abc import Iterator

from kg.history.history import History
from kg.upload.content import Content
from kg.upload.publication import Publisher, Report
from ontology import KelisimError, version


def publish_history(publisher: Publisher, history: History, first: int | None = None) -> Iterator[Report]:
    """Publishes version `first`, by default the latest, and those after it, one at a time; each time what was done.

    An engine that has one of these versions goes on from there. Raises KelisimError if there is no such version, and as
    `Publisher.publish` does.
    """
    first = history.version if first is None else first
    if not history.oldest <= first <= history.version:
        raise KelisimError(f"The store has the versions {history.oldest} to {history.version}, but not {first}.")
    if publisher.dry_run:
        first = history.version
    begin = max(first, _there(publisher, history))
    content = Content(version(), _digest(history, begin), begin)
    content.fill(history.load(begin), publisher.manifest.lengths if publisher.manifest else {})
    yield publisher.publish(content)
    for number, patch in history.patches(begin):
        known = content.apply(patch)
        content.digest, content.store_version = _digest(history, number), number
        yield publisher.publish(content, known)


def _there(publisher: Publisher, history: History) -> int:
    """The version of this history that the engine has; -1 if it has none."""
    found = publisher.manifest
    if not found or found.store_version is None or not history.oldest <= found.store_version <= history.version:
        return -1
    return found.store_version if found.digest == _digest(history, found.store_version) else -1


def _digest(history: History, number: int) -> str:
    digests = history.digests
    found = digests.get(number)
    if found is None:  # of a large snapshot, which is read through once
        digests.set_base(digests.compute())
        found = digests.get(number)
    assert found
    return found
