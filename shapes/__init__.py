"""The SHACL shapes of Kelisim, validation with them, and reports."""

from shapes.focused import conformance
from shapes.report import Report, Result, in_words, render
from shapes.validation import FILES, ValidationError, background, read_shapes, read_text, validate

__all__ = [
    "FILES",
    "Report",
    "Result",
    "ValidationError",
    "background",
    "conformance",
    "in_words",
    "read_shapes",
    "read_text",
    "render",
    "validate",
]
