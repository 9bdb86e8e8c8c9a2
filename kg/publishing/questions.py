"""The competency questions: queries with titles, which the graph must be able to answer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from itertools import dropwhile

from kg.curation.curated import curated_folders
from kg.curation.shipped import packaged_data
from kg.language.labels import FALLBACK_LANGUAGE, Label
from kg.rdf.files import read_text, walk_files
from ontology import KelisimError

_HEADER = re.compile(r"^#\s*((?:title|description)(?:-[a-z]{2,3})?|tags):\s*(.*)$")


@dataclass(frozen=True)
class Question:
    """One question: `name` is the file name without ``.rq``; `query` the whole file with comments.

    The title and the description are English; `titles` and `descriptions` have them in other languages, by
    code (BCP 47).
    """

    name: str
    title: str
    description: str
    tags: tuple[str, ...]
    query: str
    titles: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)

    def described(self, language: str) -> Label:
        """The description in the language, else in English."""
        text = self.descriptions.get(language)
        return Label(text, language) if text else Label(self.description, FALLBACK_LANGUAGE)

    def titled(self, language: str) -> Label:
        """The title in the language, else in English."""
        return (
            Label(self.titles[language], language) if language in self.titles else Label(self.title, FALLBACK_LANGUAGE)
        )

    @property
    def bare(self) -> str:
        """The query without the header, for use where title and description are given separately."""
        lines = self.query.splitlines(keepends=True)
        return "".join(dropwhile(lambda line: _HEADER.match(line) is not None, lines))


def read_questions(data: Traversable | None = None, problems: list[str] | None = None) -> list[Question]:
    """All questions in a folder of curated files, by name; those of the package if the folder has none.

    Where a package builds on the shipped graph, its questions and the shipped ones. What is wrong with a file, such as
    a header without title, description or tags, is added to `problems`, and the others are read; without that list,
    KelisimError is raised.
    """
    files = [file for _, folder in curated_folders(data) for file in _files(folder)]
    return _read(files or _files(packaged_data()), problems)


def own_questions(data: Traversable, problems: list[str]) -> list[Question]:
    """The questions in a folder alone, by name; none if it has none. `problems` is as in `read_questions`."""
    return _read(_files(data), problems)


def _read(files: Iterable[tuple[str, Traversable]], problems: list[str] | None) -> list[Question]:
    found: dict[str, Question] = {}
    for place, file in files:
        try:
            question = _new(_question(place, read_text(file)), place, found)
        except KelisimError as error:
            if problems is None:
                raise
            problems.append(str(error))
        else:
            found[question.name] = question
    return [found[name] for name in sorted(found)]


def find_question(name: str, data: Traversable | None = None) -> Question:
    """The question with that name; raises KelisimError, with similar names, if there is none."""
    problems: list[str] = []
    questions = {q.name: q for q in read_questions(data, problems)}
    if name in questions:
        return questions[name]
    near = sorted(questions, key=lambda other: (-_likeness(name, other), other))
    perhaps = f" Perhaps: {', '.join(near[:8])}." if near else ""
    bad = "".join(f" Not read: {problem}" for problem in problems)
    raise KelisimError(f"There is no question {name!r}.{perhaps} `kelisim questions` lists all.{bad}")


def _likeness(one: str, other: str) -> float:
    """The share of words that two names have in common (Jaccard index)."""
    words, others = set(one.split("-")), set(other.split("-"))
    return len(words & others) / len(words | others)


def _new(question: Question, place: str, found: Mapping[str, Question]) -> Question:
    if question.name in found:
        raise KelisimError(f"{place}: there is a question {question.name!r} already. Rename one of the two.")
    return question


def _files(data: Traversable) -> list[tuple[str, Traversable]]:
    return walk_files(data.joinpath("questions"), ".rq")[0]


def _question(file: str, text: str) -> Question:
    header = dict(_header_lines(text))
    missing = [k for k in ("title", "description", "tags") if not header.get(k)]
    if missing:
        raise KelisimError(
            f"{file}: the header lacks {', '.join(missing)}; write lines such as `# title: Who met whom`."
        )
    tags = tuple(t.strip() for t in header["tags"].split(",") if t.strip())
    name = file.rpartition("/")[2][: -len(".rq")]
    titles, descriptions = (
        {key.removeprefix(f"{what}-"): words for key, words in header.items() if key.startswith(f"{what}-")}
        for what in ("title", "description")
    )
    return Question(name, header["title"], header["description"], tags, text, titles, descriptions)


def _header_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line.startswith("#"):
            return
        if match := _HEADER.match(line):
            yield match[1], match[2].strip()
