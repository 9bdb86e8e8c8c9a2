"""Loads a store in the process that forks the workers, so that the one that serves has no copy of it.

Were it loaded before the fork, each page in which either counts references later would be there twice.
"""

import os
import pickle
from collections.abc import Callable
from typing import Generic, TypeVar

from kg.engine.engine import Engine
from ontology import KelisimError

T = TypeVar("T")


class LoadedElsewhere(Generic[T]):
    """What a process that is forked from this one loads, and what it tells of that.

    Call `load` in the forked process and `told` in this one, each once.
    """

    def __init__(self, load: Callable[[], Engine], tell: Callable[[Engine], T]) -> None:
        """`tell` gives what is to be known here of the engine, something that can be pickled."""
        self._load = load
        self._tell = tell
        self._answer, self._question = os.pipe()

    def load(self) -> Engine:
        """Loads the engine, and tells of it; raises what loading raises, if that is no KelisimError."""
        os.close(self._answer)
        with os.fdopen(self._question, "wb") as pipe:
            try:
                engine = self._load()
            except KelisimError as error:
                pickle.dump(str(error), pipe)
                pipe.close()
                os._exit(0)  # the other process says what is wrong
            pickle.dump((self._tell(engine),), pipe)
        return engine

    def told(self) -> T:
        """What it tells, once the engine is loaded; raises KelisimError if it cannot be."""
        os.close(self._question)
        with os.fdopen(self._answer, "rb") as pipe:
            try:
                found = pickle.load(pipe)  # noqa: S301 - of our own process
            except (EOFError, pickle.UnpicklingError):  # it was killed, before it told or while it did
                raise KelisimError(
                    "The store could not be loaded: the process that loads it ended. It may have been stopped from "
                    "outside, as the system does when memory runs out."
                ) from None
        if isinstance(found, str):
            raise KelisimError(found)
        told: T = found[0]
        return told
