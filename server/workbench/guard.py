"""Who may send requests: the browser that was given the token, from pages of this address.

The host is checked against DNS rebinding, the origin and a secret of the form against requests that pages of other
sites have the browser send (CSRF), the cookie is of the strict kind (SameSite, RFC 6265bis, section 5.2).
"""

import hmac
import secrets
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kg.language.messages import gettext_noop
from server.http.errors import ProblemError
from server.http.headers import POLICY

TOKEN: Final = "token"  # noqa: S105 - the name of a parameter
SECRET: Final = "secret"  # noqa: S105 - the name of a field
"""The name of the field of forms that holds the secret."""

_TITLE: Final = gettext_noop("Not allowed")
_HEADERS: Final = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class Guard:
    """Lets in who has the token; `hosts` are the values of Host under which this server is reached."""

    def __init__(self, port: int, token: str = "") -> None:
        self.token = token or secrets.token_urlsafe(24)
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._cookie = f"kelisim-curate-{port}"
        self.secret = hmac.new(self.token.encode(), b"forms", sha256).hexdigest()

    def register(self, app: Flask) -> None:
        """Has each request of an application pass the guard, and each response carry the headers."""
        app.before_request(self.check)
        app.after_request(self.protect)
        app.jinja_env.globals.update(secret=self.secret)

    def check(self) -> AnyResponse | None:
        """Raises a 403 ProblemError unless the request may be answered; exchanges the token for a cookie."""
        if request.host not in self.hosts:
            raise ProblemError(
                403, _TITLE, gettext_noop("This workbench answers at its own address alone, not as another host.")
            )
        if request.endpoint == "static":
            return None
        given = request.args.get(TOKEN)
        if given is not None and request.method == "GET":
            if not hmac.compare_digest(given.encode(), self.token.encode()):
                raise self._refused()
            rest = urlencode([(k, v) for k, v in request.args.items(multi=True) if k != TOKEN])
            response = redirect(request.path + (f"?{rest}" if rest else ""), 303)
            response.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict")
            return response
        if not hmac.compare_digest(request.cookies.get(self._cookie, "").encode(), self.token.encode()):
            raise self._refused()
        if request.method not in {"GET", "HEAD"}:
            self._check_origin()
        g.allowed = True
        return None

    @staticmethod
    def _refused() -> ProblemError:
        return ProblemError(
            403,
            _TITLE,
            gettext_noop("Open the address that kelisim curate printed when it started, with its token."),
        )

    def _check_origin(self) -> None:
        ours = request.headers.get("Origin") == f"http://{request.host}"
        if not ours or not hmac.compare_digest(request.form.get(SECRET, "").encode(), self.secret.encode()):
            raise ProblemError(403, _TITLE, gettext_noop("A page of another site may not edit here."))

    @staticmethod
    def protect(response: Response) -> Response:
        """Adds the headers that keep other sites out, and all pages out of caches."""
        for name, value in _HEADERS:
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response
