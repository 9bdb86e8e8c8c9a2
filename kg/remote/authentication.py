"""How this server is let in by an engine: basic or bearer authentication, the secret from a file or variable."""

import base64
import os
from pathlib import Path

from ontology import KelisimError

_FORMS = (
    "Give basic:env:VARIABLE or basic:file:PATH, which hold user:password, or bearer:env:VARIABLE or bearer:file:PATH, "
    "which hold a token"
)


def authorization(given: str) -> str:
    """The Authorization header (RFC 9110, section 11.6.2; RFC 6750) for an option; empty for an empty one.

    Raises KelisimError, which never has the secret in it, for what is malformed or cannot be read.
    """
    if not given:
        return ""
    kind, _, place = given.partition(":")
    where, _, name = place.partition(":")
    if kind not in ("basic", "bearer") or where not in ("env", "file") or not name:
        raise KelisimError(f"--engine-auth takes no secret itself, since others see command lines. {_FORMS}.")
    secret = _read(where, name)
    if not secret or not secret.isprintable():
        raise KelisimError(f"What {where}:{name} holds is no secret: one line of printable characters. {_FORMS}.")
    if kind == "bearer":
        return f"Bearer {secret}"
    if ":" not in secret:
        raise KelisimError(f"What {where}:{name} holds has no colon: basic authentication needs user:password.")
    return "Basic " + base64.b64encode(secret.encode()).decode()


def _read(where: str, name: str) -> str:
    if where == "env":
        if name not in os.environ:
            raise KelisimError(f"The variable {name} for --engine-auth is not set.")
        return os.environ[name].strip()
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KelisimError(f"The file {name} for --engine-auth cannot be read: {type(error).__name__}.") from error
