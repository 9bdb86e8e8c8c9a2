"""The competency questions: queries with titles, which the graph must be able to answer."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from itertools import dropwhile

from kg.curation.curated import packaged_data
from kg.language.labels import FALLBACK, Label
from kg.rdf.files import list_files, read_text
from ontology import KelisimError

_HEADER = re.compile(r"^#\s*(title(?:-[a-z]{2,3})?|description|tags):\s*(.*)$")


@dataclass(frozen=True)
class Question:
    """One question: `name` is the file name without ``.rq``; `query` the whole file with comments.

    The title and the description are English; `titles` has the title in other languages, by code (BCP 47).
    """

    name: str
    title: str
    description: str
    tags: tuple[str, ...]
    query: str
    titles: Mapping[str, str] = field(default_factory=dict)

    def titled(self, language: str) -> Label:
        """The title in the language, else in English."""
        return Label(self.titles[language], language) if language in self.titles else Label(self.title, FALLBACK)

    @property
    def bare(self) -> str:
        """The query without the header, for use where title and description are given separately."""
        lines = self.query.splitlines(keepends=True)
        return "".join(dropwhile(lambda line: _HEADER.match(line) is not None, lines))


def read_questions(data: Traversable | None = None) -> list[Question]:
    """All questions in a folder of curated files, by name; those of the package if the folder has none.

    Raises KelisimError if a file cannot be read or its header lacks title, description or tags.
    """
    own = list_files(data.joinpath("questions"), ".rq") if data else []
    files = own or list_files(packaged_data().joinpath("questions"), ".rq")
    return [_question(f.name, read_text(f)) for f in files]


def find_question(name: str, data: Traversable | None = None) -> Question:
    """The question with that name; raises KelisimError, with similar names, if there is none."""
    questions = {q.name: q for q in read_questions(data)}
    if name in questions:
        return questions[name]
    near = [n for n in questions if set(n.split("-")) & set(name.split("-"))] or list(questions)
    raise KelisimError(f"There is no question {name!r}. Perhaps: {', '.join(near[:8])}. `kelisim questions` lists all.")


def _question(file: str, text: str) -> Question:
    header = dict(_header_lines(text))
    missing = [k for k in ("title", "description", "tags") if not header.get(k)]
    if missing:
        raise KelisimError(
            f"{file}: the header lacks {', '.join(missing)}; write lines such as `# title: Who met whom`."
        )
    tags = tuple(t.strip() for t in header["tags"].split(",") if t.strip())
    titles = {key.removeprefix("title-"): words for key, words in header.items() if key.startswith("title-")}
    return Question(file.removesuffix(".rq"), header["title"], header["description"], tags, text, titles)


def _header_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line.startswith("#"):
            return
        if match := _HEADER.match(line):
            yield match[1], match[2].strip()
