"""The kinds of conflicts between claims."""

from typing import Final

KINDS: Final = ("figures", "plan", "office", "participation", "denial", "attribute", "whereabouts")
"""The kinds in the order in which they are shown; each is the code ``code:conflict-…``."""
