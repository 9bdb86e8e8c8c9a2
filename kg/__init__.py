"""The knowledge graph: curated claims, the dataset built from them, and what can be asked of it."""

from kg.curation.curated import Claim, Curation, read_curation
from kg.curation.dataset import Dataset, build
from kg.engine.engine import Answer, Engine

__all__ = ["Answer", "Claim", "Curation", "Dataset", "Engine", "build", "read_curation"]
