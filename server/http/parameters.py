"""Which parameters of its address a response was made from: any other may stand there, and changes nothing.

Campaigns and social networks append parameters of their own to links. The cache in front of Flask counts addresses
that differ in them as one, see `server.front.cache`.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final, cast
from urllib.parse import urlencode

import flask
from werkzeug.datastructures import MultiDict

READ: Final = "kelisim.parameters"
"""The key of the environ for the names of the parameters that were read, a set of texts."""

ALL: Final = "*"
"""Among those names: the response depends on all that there is."""


class Parameters(MultiDict[str, str]):
    """The parameters of the address. Notes in `read` the names that are looked for, also those that are not there."""

    def __init__(self, given: Iterable[tuple[str, str]], read: set[str]) -> None:
        super().__init__(given)
        self.read = read

    def known(self) -> list[tuple[str, str]]:
        """The parameters that were read until now with their values, in order."""
        everything = ALL in self.read
        return [
            (name, value) for name, values in dict.items(self) if everything or name in self.read for value in values
        ]

    def __getitem__(self, key: str) -> str:
        self.read.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.read.add(ALL)
        return super().__iter__()

    def __len__(self) -> int:
        self.read.add(ALL)
        return super().__len__()

    def getlist(self, key: str, *given: Any, **more: Any) -> list[Any]:
        """See `MultiDict.getlist`."""
        self.read.add(key)
        return super().getlist(key, *given, **more)

    def items(self, multi: bool = False) -> Any:
        """See `MultiDict.items`."""
        self.read.add(ALL)
        return super().items(multi)

    def lists(self) -> Any:
        """See `MultiDict.lists`."""
        self.read.add(ALL)
        return super().lists()

    def values(self) -> Any:
        """See `MultiDict.values`."""
        self.read.add(ALL)
        return super().values()

    def keys(self) -> Any:
        """See `dict.keys`."""
        self.read.add(ALL)
        return super().keys()


class Request(flask.Request):
    """A request whose `args` note what is read of them."""

    @cached_property
    def args(self) -> Parameters:
        """The parameters of the address."""
        return Parameters(super().args.items(multi=True), self.environ.setdefault(READ, set()))

    @property
    def url(self) -> str:
        """See `flask.Request.url`."""
        self.args.read.add(ALL)
        return super().url


def known() -> list[tuple[str, str]]:
    """The parameters of this request that its response was made from until now; see `Parameters.known`."""
    return cast("Request", flask.request).args.known()


def known_address() -> str:
    """The path of this request with those parameters."""
    pairs = known()
    return flask.request.path + (f"?{urlencode(pairs, safe='/:')}" if pairs else "")
