"""Compression of responses, negotiated by Accept-Encoding (RFC 9110, section 12.5.3)."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import zstandard
from flask import Response, request
from werkzeug.datastructures import Accept

COMPRESS_MIN_BYTES: Final = 1000
"""Shorter bodies are not compressed."""

COMPRESS_MAX_BYTES: Final = 1 << 25
"""Nor are longer ones: compressing them would take longer than sending them."""

_GZIP_WINDOW: Final = zlib.MAX_WBITS | 16
_COMPRESSED_TYPES: Final = ("image/png", "application/gzip", "application/zip")


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def compress(response: Response) -> Response:
    """The response, compressed with zstd or gzip if the client accepts it and the size is within the limits."""
    if response.status_code == 304 or request.method == "HEAD":
        response.vary.add("Accept-Encoding")
        return response
    if response.status_code == 204 or "Content-Encoding" in response.headers:
        return response
    if response.accept_ranges == "bytes":  # ranges count bytes of the uncompressed file
        return response
    length = response.content_length
    if (
        length is not None and not COMPRESS_MIN_BYTES <= length <= COMPRESS_MAX_BYTES
    ) or response.mimetype in _COMPRESSED_TYPES:
        return response
    encoding = choose(request.accept_encodings)
    if encoding:
        inner: Iterable[bytes] = response.response  # type: ignore[assignment]
        if isinstance(inner, list | tuple):
            response.set_data(b"".join(compress_parts(inner, encoding)))
        else:
            response.response = compress_parts(inner, encoding)
            del response.headers["Content-Length"]
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    return response


def choose(accepted: Accept) -> str:
    """``zstd`` or ``gzip``, whichever the client prefers, or the empty string."""
    offered = [name for name in ("zstd", "gzip") if accepted.quality(name) > 0]
    return max(offered, key=accepted.quality, default="")


def compress_parts(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Compresses parts as a stream."""
    compressor: _Compressor
    if encoding == "zstd":
        compressor = zstandard.ZstdCompressor(level=3).compressobj()
    else:
        compressor = zlib.compressobj(6, zlib.DEFLATED, _GZIP_WINDOW)
    for part in parts:
        if data := compressor.compress(part):
            yield data
    yield compressor.flush()
