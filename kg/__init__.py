"""The knowledge graph: curated claims, the dataset built from them, and what can be asked of it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kg.curation.curated import Claim, Curation, read_curation
    from kg.curation.dataset import Dataset, build
    from kg.engine.engine import Answer, Engine

__all__ = ["Answer", "Claim", "Curation", "Dataset", "Engine", "build", "read_curation"]

_MODULES: Final = {
    "kg.curation.curated": ("Claim", "Curation", "read_curation"),
    "kg.curation.dataset": ("Dataset", "build"),
    "kg.engine.engine": ("Answer", "Engine"),
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used (PEP 562), so that the command line starts fast."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
