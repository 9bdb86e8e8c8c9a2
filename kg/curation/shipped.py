"""Where the shipped curated files lie."""

import os
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

ELSEWHERE: Final = "KELISIM_SHIPPED_DATA"
"""The environment variable that names a folder of curated files to take the place of the shipped ones.

The project's own tests put a frozen copy there, so that what they say of the graph stays true when it grows.
"""


def packaged_data() -> Traversable:
    """The folder of the shipped curated files: in the package, or where `ELSEWHERE` says."""
    return frozen() or resources.files("kg").joinpath("data")


def frozen() -> Path | None:
    """The folder that `ELSEWHERE` names; None without it."""
    named = os.environ.get(ELSEWHERE)
    return Path(named) if named else None
