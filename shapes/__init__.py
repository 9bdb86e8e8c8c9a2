"""The shapes of Kelisim: what data must look like, in SHACL, and why it is refused, in words."""

from shapes.report import Report, Result, in_words, render
from shapes.validation import FILES, ValidationError, read_shapes, validate

__all__ = [
    "FILES",
    "Report",
    "Result",
    "ValidationError",
    "in_words",
    "read_shapes",
    "render",
    "validate",
]
