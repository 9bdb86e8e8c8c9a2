"""What lines of N-Quads tell of the whole while they pass by: their digest, their number, title and licence."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import IO, Final

from ontology import BASE, PREFIXES
from ontology.namespaces import KEL

_OUR_TERMS: Final = str(KEL).encode()
_OURSELVES: Final = f"<{BASE}> ".encode()
_SAID: Final = re.compile(
    rf'^<{re.escape(BASE)}> <{PREFIXES["dcterms"]}(?:license> <([^<>]*)>|title> "(.*)"@en) \.$'.encode(), re.MULTILINE
)


class Contents:
    """What is found while lines pass by.

    Title and licence are those that Kelisim's own dataset has in its default graph; of other data nothing is claimed.
    """

    def __init__(self) -> None:
        self.quads = 0
        self.title = ""
        self.licences: list[str] = []
        self.has_our_terms = False
        """Whether terms of Kelisim's ontology occur, without which its tables have no rows."""
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The SHA-256 of the lines: of sorted canonical N-Quads the dataset's identity, in hexadecimal."""
        return self._digest.hexdigest()

    def watch(self, blocks: Iterable[bytes], copy: IO[bytes]) -> Iterator[bytes]:
        """The same blocks of whole lines, each noted and copied to a file as it is asked for."""
        for block in blocks:
            copy.write(block)
            self._digest.update(block)
            self._note(block)
            yield block

    def _note(self, block: bytes) -> None:
        self.quads += block.count(b"\n")
        self.has_our_terms = self.has_our_terms or _OUR_TERMS in block
        if _OURSELVES not in block:
            return
        for found in _SAID.finditer(block):
            if found[1]:
                self.licences.append(found[1].decode())
            else:
                self.title = found[2].decode()
