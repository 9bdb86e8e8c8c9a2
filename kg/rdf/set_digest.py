"""The digest of a set of quads that follows a change in time proportional to the change.

It is AdHash (M. Bellare, D. Micciancio: A New Paradigm for Collision-Free Hashing: Incrementality at Reduced Cost,
EUROCRYPT 1997, section 5.3): the sum, modulo 2^4096, of a hash of each canonical N-Quads line, here SHAKE256 with 4096
bits of output. The sum is so long because of D. Wagner's attack on sums (A Generalized Birthday Problem, CRYPTO 2002),
which takes some 2^(2 √n) steps for n bits: 2^128 here. The digest is the SHA-256 of the sum. Blank nodes count by their
labels.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

SUM_BYTES: Final = 512
_MODULUS_MASK: Final = (1 << (8 * SUM_BYTES)) - 1


class SetDigest:
    """The sum over a set of lines, each with its line end. Adding one that is in the set is an error of the caller."""

    def __init__(self, total: bytes = bytes(SUM_BYTES)) -> None:
        """Of the empty set, or with the sum that another had (`SUM_BYTES` bytes)."""
        self._total = int.from_bytes(total, "little")

    def add(self, lines: Iterable[bytes]) -> None:
        """Adds lines to the set; about two microseconds for each."""
        self._total = (self._total + _sum(lines)) & _MODULUS_MASK

    def remove(self, lines: Iterable[bytes]) -> None:
        """Removes lines that are in the set."""
        self._total = (self._total - _sum(lines)) & _MODULUS_MASK

    @property
    def total(self) -> bytes:
        """The sum, from which another object can go on."""
        return self._total.to_bytes(SUM_BYTES, "little")

    def hexdigest(self) -> str:
        """The digest: 64 hexadecimal digits, the same for the same set."""
        return digest_of(self.total)


def digest_of(total: bytes) -> str:
    """The digest of the set that has this sum."""
    return hashlib.sha256(total).hexdigest()


def _sum(lines: Iterable[bytes]) -> int:
    hashes = (hashlib.shake_256(line).digest(SUM_BYTES) for line in lines)
    return sum(int.from_bytes(each, "little") for each in hashes)
