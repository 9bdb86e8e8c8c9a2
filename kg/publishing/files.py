"""Files that are offered for download, with their sizes and checksums."""

import base64
import hashlib
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Self


@dataclass(frozen=True)
class PublishedFile:
    """One file: name, media type, size in bytes, SHA-256 in hexadecimal, and its path, valid while this object exists.

    The file is unlinked, so that the system deletes it however the server exits.
    """

    name: str
    media_type: str
    size: int
    sha256: str
    file: IO[bytes]

    @classmethod
    def written(cls, name: str, media_type: str, fill: Callable[[IO[bytes]], object]) -> Self:
        """A new file with the content that `fill` writes, in the folder for temporary files (TMPDIR)."""
        file = TemporaryFile()  # noqa: SIM115 - lives as long as the object
        try:
            fill(file)
            file.flush()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            made = cls(name, media_type, file.tell(), digest, file)
        except BaseException:
            file.close()
            raise
        weakref.finalize(made, file.close)
        return made

    @property
    def path(self) -> str:
        """The path by which the file can be opened again, at its start."""
        return f"/proc/self/fd/{self.file.fileno()}"

    @property
    def digest(self) -> str:
        """The value of the header field Repr-Digest (RFC 9530, section 3)."""
        return f"sha-256=:{base64.b64encode(bytes.fromhex(self.sha256)).decode()}:"
