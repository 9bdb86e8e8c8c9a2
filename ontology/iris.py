"""The project's own names as plain strings: ``KEL.modality``, ``CODE["denied"]``.

They equal those of `ontology.namespaces`, which are rdflib's and take as long to load as all else that a query needs.
"""

from typing import Final

from ontology.namespaces import BASE


class Names:
    """The names that begin with an IRI, as attributes or items; the IRI itself as text."""

    def __init__(self, start: str) -> None:
        self._start = start

    def __str__(self) -> str:
        return self._start

    def __getattr__(self, name: str) -> str:
        return self._start + name

    def __getitem__(self, name: str) -> str:
        return self._start + name


KEL: Final = Names(f"{BASE}ns#")
ID: Final = Names(f"{BASE}id/")
CODE: Final = Names(f"{BASE}code/")
CLAIM: Final = Names(f"{BASE}claim/")
SRC: Final = Names(f"{BASE}source/")
CONFLICT: Final = Names(f"{BASE}conflict/")
