"""Parameters of query strings and forms (``application/x-www-form-urlencoded``; WHATWG URL, section 5.1)."""

import re
from binascii import a2b_qp
from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qs, unquote_plus

_pieces: Final = re.compile("%[0-9A-Fa-f]{2}|[^%]+|%").findall
_DIGITS: Final = "0123456789abcdefABCDEF"
_BYTES: Final = {f"%{a}{b}": chr(int(a + b, 16)) for a in _DIGITS for b in _DIGITS}


def parameters_of(text: str) -> dict[str, list[str]]:
    """The values of each parameter, blank ones included. Raises ValueError if percent-decoded text is not UTF-8.

    Equal to `urllib.parse.parse_qs`, which takes longer than the evaluation of a small query: here the work for each
    character is done in C.
    """
    if not text.isascii():
        return parse_qs(text, keep_blank_values=True, errors="strict")
    found = dict[str, list[str]]()
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            found.setdefault(_decoded(name), []).append(_decoded(value))
    return found


def parameters_named(names: Collection[str], text: str) -> str:
    """The parameters of the query string with one of these names, as they stand there; malformed text is kept."""
    if not text:
        return ""
    return "&".join(pair for pair in text.split("&") if _is_named(names, pair.partition("=")[0]))


def _is_named(names: Collection[str], written: str) -> bool:
    try:
        return (_decoded(written) if written.isascii() else unquote_plus(written)) in names
    except ValueError:
        return True


def _decoded(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    if "\n" not in text and "\r" not in text:
        # Quoted-printable is the same but for its sign, and is decoded in C; only an escape gets shorter by two.
        decoded = a2b_qp(text.replace("=", "=3D").replace("%", "="))
        if len(decoded) == len(text) - 2 * text.count("%"):
            return decoded.decode()
    pieces = _pieces(text)
    return "".join(map(_BYTES.get, pieces, pieces)).encode("latin-1").decode()
