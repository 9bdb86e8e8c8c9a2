"""Decompresses request bodies (RFC 9110, section 8.4), within a limit: a small body may stand for a huge one."""

import zlib
from collections.abc import Iterator, Sequence
from typing import IO, Final

import zstandard

from server.front.problems import Answer, problem

_CHUNK: Final = 1 << 16
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
_WINDOW_BYTES: Final = 1 << 23
"""The largest window of zstd that decoders must take (RFC 8878, section 3.1.1.1.2)."""

ENCODINGS: Final = ("gzip", "deflate", "zstd")


class EncodingError(Exception):
    """A body that cannot be decompressed: of another encoding, malformed, or longer than its limit."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail

    def answer(self, limit: int, too_large: Answer) -> Answer:
        """The problem details of it."""
        if self.status == 413:
            return too_large
        headers = [("Accept-Encoding", ", ".join(ENCODINGS))] if self.status == 415 else []
        title = "Unsupported content encoding" if self.status == 415 else "Malformed request"
        return problem(self.status, title, self.detail, headers)


def decompress(encodings: Sequence[str], source: IO[bytes], target: IO[bytes], limit: int) -> int:
    """Decompresses a body by its encodings, the last one first; returns its size in bytes.

    Raises EncodingError with 400, 413 or 415.
    """
    names = [e for e in encodings if e not in ("", "identity")]
    if len(names) > 1 or not set(names) <= {*ENCODINGS, "x-gzip"}:
        detail = f"The body comes as {', '.join(names)}; send it in one of {', '.join(ENCODINGS)}, or as it is."
        raise EncodingError(415, detail)
    size = 0
    try:
        for part in _parts(names[0] if names else "", source):
            size += len(part)
            if size > limit:
                raise EncodingError(413)
            target.write(part)
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise EncodingError(400, f"The body is no whole {names[0]}: {error}.") from error
    return size


def _parts(encoding: str, source: IO[bytes]) -> Iterator[bytes]:
    if not encoding:
        while part := source.read(_CHUNK):
            yield part
    elif encoding == "zstd":
        decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
        with decompressor.stream_reader(source, closefd=False, read_across_frames=True) as reader:
            while part := reader.read(_CHUNK):
                yield part
    else:
        first = source.read(2)
        source.seek(0)
        # "deflate" is zlib by the specification, and bare by the habit of some clients (RFC 9110, section 8.4.1.2).
        is_zlib = len(first) == 2 and first[0] & 15 == 8 and int.from_bytes(first) % 31 == 0
        bare = encoding == "deflate" and not is_zlib
        inflate = zlib.decompressobj(-zlib.MAX_WBITS if bare else _GZIP_OR_ZLIB)
        while data := source.read(_CHUNK):
            while data:
                yield inflate.decompress(data, _CHUNK)
                data = inflate.unconsumed_tail
        yield inflate.flush()
        if not inflate.eof:
            raise EOFError("it is cut off")
