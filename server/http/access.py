"""Who may do what: the tokens of a store against the scopes that routes ask for."""

from flask import request

from server.http.errors import ProblemError
from server.http.tokens import TokenStore


class Access:
    """Checks requests against tokens; without tokens nobody may change anything."""

    def __init__(self, tokens: TokenStore | None = None) -> None:
        self._tokens = tokens

    def require(self, scope: str) -> str:
        """The name of the token, if the request may do what `scope` says; raises a 401 or 403 ProblemError if not."""
        if self._tokens is None:
            raise ProblemError(403, "Read-only", "This endpoint takes queries; changes are off.")
        return self._tokens.authorize(request.headers.get("Authorization"), scope).name
