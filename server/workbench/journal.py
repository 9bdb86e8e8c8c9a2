"""The journal of edits that are not saved: kept in the user's state folder, offered at the next start."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import platformdirs

from kg.curation.export import make_folder, write
from ontology import KelisimError

Fields = list[tuple[str, str]]
"""The fields of a form as they were sent."""


@dataclass(frozen=True)
class Entry:
    """What was edited and not saved: texts by path, what these files held before, the forms that were begun."""

    time: str
    texts: dict[str, str] = field(default_factory=dict)
    base: dict[str, str] = field(default_factory=dict)
    forms: dict[str, Fields] = field(default_factory=dict)


class Journal:
    """The file of one article in one folder of data."""

    def __init__(self, folder: Path, article: str, state: Path | None = None) -> None:
        """`state` is the folder for journals, by default the user's."""
        key = sha256(f"{folder.resolve()}\0{article}".encode()).hexdigest()[:16]
        where = state or platformdirs.user_state_path("kelisim", appauthor=False)
        self.path = where / "curate" / f"{article}-{key}.json"

    def read(self) -> Entry | None:
        """The entry, if there is one that can be read."""
        try:
            found = json.loads(self.path.read_bytes())
            forms = {key: [(str(n), str(v)) for n, v in fields] for key, fields in found["forms"].items()}
            texts, base = ({str(k): str(v) for k, v in found[part].items()} for part in ("texts", "base"))
            return Entry(str(found["time"]), texts, base, forms)
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return None

    def write(self, texts: dict[str, str], base: dict[str, str], forms: dict[str, Fields]) -> None:
        """Writes what is not saved, atomically; removes the file if all is saved. Raises KelisimError if it cannot."""
        if not texts and not forms:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise KelisimError(f"Cannot remove {self.path}: {error.strerror}. Remove it by hand.") from error
            return
        make_folder(self.path.parent)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        body = {"time": now, "texts": texts, "base": base, "forms": forms}
        write(json.dumps(body, ensure_ascii=False).encode(), self.path)
