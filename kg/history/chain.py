"""Names each version by all that led to it: a chain of SHA-256 from the snapshot over every patch (a hash chain).

Two histories that begin with the same version have the same data at a later one if the names are equal; and if one was
taken back and went on otherwise, every version since has another name, whatever its number and its own patch are.
"""

import hashlib
import threading

from kg.history.snapshots import Generation


class Chain:
    """The names of a generation's versions, worked out as they are asked for. Thread-safe."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._lock = threading.Lock()
        self._names = [hashlib.sha256(generation.first_line).digest()]

    @property
    def base(self) -> int:
        """The version with which it begins."""
        return self._generation.base

    def get(self, version: int) -> str:
        """The name of a version from `base` on, in hexadecimal."""
        with self._lock:
            known = self.base + len(self._names) - 1
            if version > known:
                for _, payload in self._generation.log.payloads(known, version):
                    self._names.append(_next(self._names[-1], payload))
            return self._names[version - self.base].hex()

    def after(self, version: int, payloads: list[bytes]) -> str:
        """The name that there will be after a version and these patches."""
        name = bytes.fromhex(self.get(version))
        for payload in payloads:
            name = _next(name, payload)
        return name.hex()


def _next(name: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(name + hashlib.sha256(payload).digest()).digest()
