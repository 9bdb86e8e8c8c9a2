"""Who writes to an engine: basic, digest or bearer authentication, with the secret from a file or a variable."""

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ontology import KelisimError

KINDS: Final = ("basic", "digest", "bearer")
FORMS: Final = (
    "Give basic:env:VARIABLE, basic:file:PATH, digest:env:VARIABLE or digest:file:PATH, which hold user:password, or "
    "bearer:env:VARIABLE or bearer:file:PATH, which hold a token"
)


@dataclass(frozen=True)
class Credentials:
    """A name and password (RFC 7617, RFC 7616), or a token (RFC 6750) as the password."""

    kind: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def authorization(self) -> str:
        """The Authorization header; empty for digest, of which each answer needs another."""
        if self.kind == "bearer":
            return f"Bearer {self.password}"
        if self.kind == "basic":
            return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return ""


def read_credentials(given: str) -> Credentials | None:
    """The credentials that an option names; None for an empty one.

    Raises KelisimError, which never has the secret in it, for what is malformed or cannot be read.
    """
    if not given:
        return None
    kind, _, place = given.partition(":")
    where, _, name = place.partition(":")
    if kind not in KINDS or where not in ("env", "file") or not name:
        raise KelisimError(f"--engine-auth takes no secret itself, since others see command lines. {FORMS}.")
    secret = _read(where, name)
    if not secret or not secret.isprintable():
        raise KelisimError(f"What {where}:{name} holds is no secret: one line of printable characters. {FORMS}.")
    if kind == "bearer":
        return Credentials(kind, password=secret)
    user, colon, password = secret.partition(":")
    if not colon:
        raise KelisimError(f"What {where}:{name} holds has no colon: {kind} authentication needs user:password.")
    return Credentials(kind, user, password)


def _read(where: str, name: str) -> str:
    if where == "env":
        if name not in os.environ:
            raise KelisimError(f"The variable {name} for --engine-auth is not set.")
        return os.environ[name].strip()
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KelisimError(f"The file {name} for --engine-auth cannot be read: {type(error).__name__}.") from error
