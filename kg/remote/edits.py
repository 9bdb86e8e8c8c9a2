"""Edits of a text by places in it: insertions that nest as the parts of the text do, and replacements."""

_CLOSING, _OPENING, _REPLACING = range(3)


class Edits:
    """Edits that are collected from the outside of a text inwards, and made together.

    Of two insertions at one place, that which closes a part comes before that which opens the next.
    """

    def __init__(self) -> None:
        self._edits: list[tuple[int, int, int, int, str]] = []

    def enclose(self, place: tuple[int, int], before: str, after: str) -> None:
        """Puts texts before and after a part."""
        self.insert(place[0], before)
        self.append(place[1], after)

    def insert(self, start: int, text: str) -> None:
        """Puts a text before the part that begins there."""
        self._edits.append((start, _OPENING, len(self._edits), start, text))

    def append(self, end: int, text: str) -> None:
        """Puts a text behind the part that ends there."""
        self._edits.append((end, _CLOSING, -len(self._edits), end, text))

    def replace(self, place: tuple[int, int], text: str) -> None:
        """Puts a text in place of a part; edits within it are lost."""
        self._edits.append((place[0], _REPLACING, len(self._edits), place[1], text))

    def made(self, text: str) -> str:
        """The text with the edits."""
        parts, done = list[str](), 0
        for start, _, _, end, inserted in sorted(self._edits):
            if start >= done:
                parts += text[done:start], inserted
                done = end
        return "".join((*parts, text[done:]))
