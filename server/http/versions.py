"""The parameter ``version=``: which version of the data a request asks for."""

import re
from datetime import datetime
from typing import Final

from flask import Response
from werkzeug.http import http_date

from kg.history.timeline import LEAST_DIGITS, parse_time
from kg.store.store import Store

_DIGITS: Final = 9
_DIGEST: Final = re.compile(rf"[0-9a-f]{{{LEAST_DIGITS},64}}", re.ASCII)


def is_number(given: str) -> bool:
    """Whether the parameter is the number of a version."""
    return given.isascii() and given.isdecimal() and len(given) <= _DIGITS


def version_of(store: Store, given: str | None) -> int:
    """The number of the version that ``version=`` names, -1 without it; raises what `Timeline.resolve` raises."""
    return store.timeline.resolve(given) if given else -1


def mark(response: Response, at: int, *given: str | None) -> None:
    """Sets Cache-Control of an answer: for ever if all versions that it rests on were given by digest (RFC 8246).

    A digest names what is in a version. A number does not: a store that is taken back to a backup goes on with other
    versions of the same numbers. A date may mean another version once more are made, and pages show more than the
    answer.
    """
    if at >= 0 and all(_DIGEST.fullmatch(v or "") for v in given) and response.mimetype != "text/html":
        response.cache_control.max_age = 31536000
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True


def http_time(time: str) -> str:
    """A time (xsd:dateTime) as HTTP has it (RFC 9110, section 5.6.7), to the second."""
    return http_date(whole_second(parse_time(time)))


def whole_second(moment: datetime) -> datetime:
    """The moment without the part of a second."""
    return moment.replace(microsecond=0)
