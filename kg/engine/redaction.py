"""What is told of an engine elsewhere without secrets: its address, and the texts of its errors.

A secret may be the password or token that is sent, in the form of the header too, or a value in the query of the
address, where some services have their key (``?apikey=…``).
"""

import re
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

HIDDEN: Final = "…"
_TOLD: Final = 600
_READ: Final = 10_000
_SHORT: Final = 4
"""Shorter values of an address, such as a number, are no secrets, and would make a text unreadable."""


def public_address(url: str) -> str:
    """An address as it may be shown: without user, password and fragment, and without the values of its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    query = "&".join(
        f"{name}={HIDDEN}" if equals else HIDDEN
        for name, equals, _ in (pair.partition("=") for pair in parts.query.split("&") if pair)
    )
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query, fragment="").geturl()


class Redaction:
    """Takes secrets out of texts that an engine wrote."""

    def __init__(self, *secrets: str, addresses: tuple[str, ...] = ()) -> None:
        """`secrets` are what authenticates us; what `addresses` have in their queries is hidden too."""
        values = [pair.partition("=") for url in addresses for pair in urlsplit(url).query.split("&")]
        keys = [value if equals else name for name, equals, value in values]
        forms = {f(k) for k in keys for f in (str, unquote, unquote_plus)}
        forms |= {f(k, safe="") for k in [*forms] for f in (quote, quote_plus)}
        found = {*filter(None, secrets), *(form for form in forms if len(form) >= _SHORT)}
        longest_first = sorted(found, key=len, reverse=True)  # or half of one that holds another would stay
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if found else None

    def hide(self, text: str) -> str:
        """The text without the secrets."""
        return self._secrets.sub(HIDDEN, text) if self._secrets else text

    def excerpt(self, body: bytes) -> str:
        """The first of a text on one line, without the secrets."""
        text = " ".join(body[:_READ].decode("utf-8", errors="replace").split())
        return self.hide(text)[:_TOLD]  # in this order: half of a secret is found no more
