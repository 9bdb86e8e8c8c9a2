"""Authorization: checks the tokens of requests against the scopes that routes require."""

from collections.abc import Callable

from flask import request

from server.http.errors import ProblemError
from server.http.tokens import TokenStore


class Access:
    """Authorizes requests by token; without a token store all changes are refused."""

    def __init__(self, tokens: TokenStore | None = None, writer: Callable[[], str] | None = None) -> None:
        """`writer` is that of a replica: where the public may send changes instead, empty if that is not told."""
        self._tokens = tokens
        self._writer = writer

    def may_change(self) -> bool:
        """Whether the request carries a token that allows changes."""
        token = self._tokens.check(request.headers.get("Authorization")) if self._tokens else None
        return token is not None and token.allows("update")

    def require(self, scope: str) -> str:
        """The name of the request's token; raises a 401 or 403 ProblemError if it has not the scope."""
        if self._writer:
            address = self._writer()
            detail = "This is a replica, which takes queries. Send changes to its writer" + (
                f": {address}/" if address else "."
            )
            raise ProblemError(403, "Read-only", detail, {"Link": f'<{address}/>; rel="edit"'} if address else {})
        if self._tokens is None:
            raise ProblemError(403, "Read-only", "This endpoint takes queries; changes are off.")
        _refuse_other_sites()
        return self._tokens.authorize(request.headers.get("Authorization"), scope).name


def _refuse_other_sites() -> None:
    """Raises a 403 ProblemError if a page of another site has a browser send the password that it remembers (CSRF).

    Only for Basic: no browser sends a bearer token by itself. Sec-Fetch-Site: Fetch Metadata, section 2.3; on plain
    HTTP browsers leave it out, and Origin tells (Fetch, section 3.1).
    """
    headers = request.headers
    if not headers.get("Authorization", "").lower().startswith("basic"):
        return
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site not in ("same-origin", "none") if site else origin and origin != request.host_url.rstrip("/"):
        detail = "A page of another site may not use the password that your browser remembers. Send a bearer token."
        raise ProblemError(403, "Not allowed", detail)


class LogAccess:
    """Decides who may follow the log of the store: holders of a token of scope replicate, or everybody."""

    def __init__(self, tokens: TokenStore | None = None, *, everybody: bool = False) -> None:
        self._tokens = tokens
        self._everybody = everybody

    def check(self, header: str | None) -> None:
        """Raises a 401 or 403 ProblemError unless a request with that Authorization header may follow."""
        if self._everybody:
            return
        if self._tokens is None:
            detail = "The log of this server may not be followed. Its operator allows it with --open-log or --store."
            raise ProblemError(403, "Not allowed", detail)
        self._tokens.authorize(header, "replicate")
