"""The headers that every response carries."""

from typing import Final

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS: Final = (
    # Pages of any origin may send requests and read the responses: the data is public (Fetch standard, CORS). The
    # asterisk stands for any header but Authorization.
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS, POST, PUT, DELETE"),
    (
        "Access-Control-Allow-Headers",
        "*, Accept, Authorization, Content-Type, If-Match, If-None-Match, Kelisim-Message, Range",
    ),
    (
        "Access-Control-Expose-Headers",
        (
            "Content-Location, Content-Range, ETag, Kelisim-Hedged, Kelisim-Unknown, Kelisim-Version, "
            "Link, Location, Memento-Datetime, Repr-Digest, Retry-After"
        ),
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Content-Security-Policy", POLICY),
)
