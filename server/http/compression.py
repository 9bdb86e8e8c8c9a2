"""Compresses answers for clients that take it (RFC 9110, section 12.5.3)."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import zstandard
from flask import Response, request
from werkzeug.datastructures import Accept

WORTH_BYTES: Final = 1000
"""Shorter answers are sent as they are."""

PACKED_BYTES: Final = 1 << 25
"""Longer ones too: compressing them would take longer than sending them."""

_GZIP_WINDOW: Final = zlib.MAX_WBITS | 16
_ALREADY_SMALL: Final = ("image/png", "application/gzip", "application/zip")


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def compress(response: Response) -> Response:
    """The response, compressed with zstd or gzip if the client takes one of them and it is worth it."""
    if response.status_code == 304 or request.method == "HEAD":
        response.vary.add("Accept-Encoding")
        return response
    if response.status_code == 204 or "Content-Encoding" in response.headers:
        return response
    if response.accept_ranges == "bytes":  # a part of what is compressed is no part of the file
        return response
    length = response.content_length
    if (length is not None and not WORTH_BYTES <= length <= PACKED_BYTES) or response.mimetype in _ALREADY_SMALL:
        return response
    encoding = choose(request.accept_encodings)
    if encoding:
        inner: Iterable[bytes] = response.response  # type: ignore[assignment]
        if isinstance(inner, list | tuple):
            response.set_data(b"".join(compressed(inner, encoding)))
        else:
            response.response = compressed(inner, encoding)
            del response.headers["Content-Length"]
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    return response


def choose(accepted: Accept) -> str:
    """``zstd`` or ``gzip``, as the client likes best, or nothing."""
    offered = [name for name in ("zstd", "gzip") if accepted.quality(name) > 0]
    return max(offered, key=accepted.quality, default="")


def compressed(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The parts, compressed, as they come."""
    compressor: _Compressor
    if encoding == "zstd":
        compressor = zstandard.ZstdCompressor(level=3).compressobj()
    else:
        compressor = zlib.compressobj(6, zlib.DEFLATED, _GZIP_WINDOW)
    for part in parts:
        if packed := compressor.compress(part):
            yield packed
    yield compressor.flush()
