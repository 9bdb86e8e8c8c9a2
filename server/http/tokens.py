"""Access tokens (bearer tokens, RFC 6750), stored as hashes in a file."""

import base64
import contextlib
import fcntl
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ontology import KelisimError
from server.http.errors import ProblemError

SCOPES: Final = ("query", "update", "admin", "replicate")
"""The scopes of tokens; none includes another."""

FILE: Final = "tokens.json"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]{1,512}=*)", re.IGNORECASE | re.ASCII)
_BASIC: Final = re.compile(r"basic +([A-Za-z0-9+/_-]{1,1024}=*)", re.IGNORECASE | re.ASCII)
_CHALLENGE: Final = 'Basic realm="kelisim", charset="UTF-8", Bearer realm="kelisim"'
"""In one field, Basic first: Jena 4 takes no other order."""
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True)
class Token:
    """A stored token: name, scopes, time of creation (ISO 8601, UTC), SHA-256 of its text.

    The hash needs neither salt nor a slow function: those protect passwords, while a token of 256 random bits cannot be
    guessed however fast the hash is.
    """

    name: str
    scopes: tuple[str, ...]
    created: str
    hash: str

    def allows(self, scope: str) -> bool:
        """Whether the token has a scope."""
        return scope in self.scopes


_Tokens = list[Token]  # within `TokenStore`, `list` is its method


class TokenStore:
    """The tokens of a folder. Safe for several threads and processes; `check` reloads a changed file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def create(self, scopes: Iterable[str], name: str) -> str:
        """Creates a token and returns its text, which is not stored.

        Raises KelisimError if the name is malformed or exists, if a scope is unknown, or if the file cannot be written.
        """
        wanted = tuple(s for s in SCOPES if s in (given := set(scopes)))
        if not given or given - set(SCOPES):
            raise KelisimError(f"A token needs one or more of the scopes {', '.join(SCOPES)}.")
        if not _NAME.fullmatch(name):
            raise KelisimError(f"{name!r} is no name for a token: use up to 64 letters, digits, and . _ @ -")
        text = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._changing() as tokens:
            if any(t.name == name for t in tokens):
                raise KelisimError(f"There is a token named {name} already. Revoke it first, or choose another name.")
            tokens.append(Token(name, wanted, datetime.now(UTC).isoformat(timespec="seconds"), _hash(text)))
        return text

    def revoke(self, name: str) -> None:
        """Deletes a token, for running servers too. Raises KelisimError if there is none of that name."""
        with self._changing() as tokens:
            kept = [t for t in tokens if t.name != name]
            if len(kept) == len(tokens):
                raise KelisimError(f"There is no token named {name!r}. `kelisim token list` shows those there are.")
            tokens[:] = kept

    def list(self) -> tuple[Token, ...]:
        """All tokens in order of creation. Raises KelisimError if the file cannot be read."""
        return self._read()

    def check(self, header: str | None) -> Token | None:
        """The token in an Authorization header, or None; compares in constant time.

        It comes as a bearer token (RFC 6750, section 2.1), or as the password of any user (RFC 7617), since many SPARQL
        clients send nothing else.

        If the file cannot be read, there are no tokens, and a warning is logged.
        """
        text = _offered(header or "")
        if not text:
            return None
        offered, found = _hash(text), None
        for token in self._current():
            if hmac.compare_digest(token.hash, offered):
                found = token
        return found

    def authorize(self, header: str | None, scope: str) -> Token:
        """The token of a request that requires a scope.

        Raises a ProblemError with challenges (RFC 6750, section 3; RFC 7617, section 2): 401 for no valid token, 403
        without the scope.
        """
        token = self.check(header)
        challenge = _CHALLENGE
        if token is None:
            detail = f"This needs a token with the scope {scope}, as Authorization: Bearer ... or Basic password."
            if header:
                detail = "The token is not one of this server's, or was revoked."
                challenge += ', error="invalid_token"'
            raise ProblemError(401, "Not authorised", detail, {"WWW-Authenticate": challenge})
        if not token.allows(scope):
            challenge += f', error="insufficient_scope", scope="{scope}"'
            detail = f"The token {token.name} has the scope {' '.join(token.scopes)}; this needs {scope}."
            raise ProblemError(403, "Not allowed", detail, {"WWW-Authenticate": challenge})
        return token

    def _current(self) -> tuple[Token, ...]:
        """The tokens, reloaded if the file has changed."""
        try:
            found = self._path.stat()
        except OSError:
            self._seen = None
            return ()
        seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        with self._lock:
            if seen != self._seen:
                try:
                    self._tokens = self._read()
                except KelisimError as error:
                    logging.getLogger("kelisim").warning("No token is accepted: %s", error)
                    self._tokens = ()
                self._seen = seen
            return self._tokens

    def _read(self) -> tuple[Token, ...]:
        try:
            records = json.loads(self._path.read_bytes())["tokens"]
            return tuple(Token(**{**r, "scopes": tuple(r["scopes"])}) for r in records)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise KelisimError(f"Cannot read {self._path}: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise KelisimError(
                f"{self._path} is not a file of tokens. Restore it, or remove it and make new ones."
            ) from error

    @contextlib.contextmanager
    def _changing(self) -> Iterator[_Tokens]:
        """The tokens as a list to modify, written when the block ends without an error; locks out other processes."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                tokens = [*self._read()]
                yield tokens
                self._write(tokens)
        except OSError as error:
            raise KelisimError(f"Cannot write {self._path}: {error.strerror}.") from error

    def _write(self, tokens: Iterable[Token]) -> None:
        """Replaces the file atomically, with mode 0600."""
        content = json.dumps({"tokens": [asdict(t) for t in tokens]}, indent=2) + "\n"
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{FILE}.")  # made with mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _offered(header: str) -> str:
    """The token in an Authorization header, empty if it holds none."""
    if bearer := _BEARER.fullmatch(header):
        return bearer[1]
    basic = _BASIC.fullmatch(header)
    if not basic:
        return ""
    try:
        return base64.b64decode(basic[1], validate=True).decode("utf-8").partition(":")[2]
    except ValueError:  # neither Base64 nor UTF-8
        return ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
