"""What the pages work with: the desk, and what is learnt from the claims that exist."""

from collections import Counter
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Final

from kg.checks.collection import Collection, collect, curated_texts
from kg.checks.reading import Statement
from kg.curation.manifest import read_manifest
from kg.curation.passages import Passage
from kg.curation.shipped import packaged_data
from ontology import KelisimError
from ontology.namespaces import RDF_TYPE, SRC, shorten
from server.workbench.completing import Completion
from server.workbench.desk import Desk
from server.workbench.fields import Kind, Vocabulary
from server.workbench.forms import ClaimForm, from_claim
from server.workbench.recipes import LABEL, Recipes, class_of
from server.workbench.suggestions import Suggestions
from server.workbench.things import Things

_MOSTLY: Final = 0.75
_OF_EVERYTHING: Final = frozenset({"rdf:type", LABEL, "skos:altLabel", "skos:exactMatch", "dcterms:source"})


class Bench:
    """A desk with vocabulary, recipes and names; one request at a time holds `lock`.

    Fields and recipes are learnt from the claims of the folder and of the package, as they were at the start.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.manifest = read_manifest(desk.folder)
        self.lock = Lock()
        self.message = ""
        """What the next page tells of what was done."""
        self.conflict: list[str] = []
        """The files that another has changed on disk, as of the last page or the last try to save."""
        packaged = Path(str(packaged_data()))
        files = list(desk.collection.files)
        if desk.folder.resolve() != packaged.resolve():
            names = {f.name for f in files if f.name.startswith("claims/")}
            shipped = collect(curated_texts(packaged)).files
            files += [f for f in shipped if f.name not in names]
        precedents = Collection(tuple(files))
        self.vocabulary = Vocabulary(
            precedents.claims, (s for s in precedents.reference if s.file.startswith("entities/"))
        )
        self.recipes = Recipes(precedents)
        self._usual = _usual_codes(precedents, self.vocabulary)
        self._entities = _Entities(precedents)
        self._things: tuple[Collection, Things] | None = None

    @property
    def things(self) -> Things:
        """The named things, as edited."""
        collection = self.desk.collection
        if self._things is None or self._things[0] is not collection:
            self._things = (collection, Things(collection, self.manifest.prefix if self.manifest else ""))
        return self._things[1]

    @property
    def completion(self) -> Completion:
        """Completes forms."""
        return Completion(self.vocabulary, self.recipes, self.things)

    def completed(self, form: ClaimForm, name: str) -> ClaimForm:
        """A form completed for the claim of that name, which may be new."""
        claim = self.desk.claim(name)
        others = [c for c in self.desk.claims if c.name != name]
        return self.completion.complete(form, others, from_claim(claim) if claim and claim.passage else None)

    def usual(self, class_name: str, name: str) -> str:
        """The code that nearly all things of a class have for a property, or empty."""
        return self._usual.get((class_name, name), "")

    def next_name(self, paragraph: int) -> str:
        """The name of one more claim on a paragraph, after all others."""
        withdrawn = next(f.withdrawn for f in self.desk.collection.files if f.name == self.desk.path)
        names = (*(c.name for c in self.desk.claims), *withdrawn)
        stem = f"{self.desk.article}-p{paragraph}-"
        numbers = [int(n.removeprefix(stem)) for n in names if n.startswith(stem) and n.removeprefix(stem).isdecimal()]
        return f"{stem}{max(numbers, default=0) + 1}"

    @property
    def source(self) -> str:
        """The record of the curators' own work, which new things have as their source.

        Raises KelisimError if the files of a package that stands alone have none.
        """
        shipped = "src:kelisim-curation"
        name = f"src:{self.manifest.prefix}curation" if self.manifest else shipped
        if str(SRC) + name.removeprefix("src:") in self.desk.collection.described:
            return name
        if self.manifest and not self.manifest.extends:
            raise KelisimError(f"There is no record {name} in sources.ttl, which new things name: write it first.")
        return shipped

    def entity_file(self, class_name: str) -> str:
        """The path of the file in which most things of a class stand."""
        return self._entities.file(class_name)

    def entity_fields(self, class_name: str) -> tuple[str, ...]:
        """The properties that most entities of a class have, beside names and sources."""
        return self._entities.fields(class_name)

    @cached_property
    def suggestions(self) -> Suggestions:
        """What is proposed of the sentences of the article."""
        return Suggestions(self.desk)

    @cached_property
    def entity_classes(self) -> tuple[str, ...]:
        """The classes of things that stand among the entities, the most frequent first."""
        return self._entities.classes

    def claims_on(self, passage: Passage) -> list[str]:
        """The names of the claims that rest on a sentence of a passage."""
        return [
            c.name
            for c in self.desk.claims
            if c.passage
            and c.passage.paragraph == passage.paragraph
            and c.passage.first <= passage.last
            and passage.first <= c.passage.last
        ]


class _Entities:
    def __init__(self, collection: Collection) -> None:
        self._files: dict[str, Counter[str]] = {}
        self._fields: dict[str, Counter[str]] = {}
        self._count: Counter[str] = Counter()
        for iri, statements in collection.described.items():
            own: list[Statement] = [s for s in statements if s.file.startswith("entities/")]
            if own and any(s.predicate == RDF_TYPE for s in own) and (name := class_of(collection, iri)):
                self._count[name] += 1
                self._files.setdefault(name, Counter())[own[0].file] += 1
                self._fields.setdefault(name, Counter()).update({shorten(s.predicate) for s in own} - _OF_EVERYTHING)

    def file(self, name: str) -> str:
        counted = self._files.get(name)
        return counted.most_common(1)[0][0] if counted else "entities/others.ttl"

    def fields(self, name: str) -> tuple[str, ...]:
        counted = self._fields.get(name, Counter())
        return tuple(sorted(f for f, n in counted.items() if n >= _MOSTLY * self._count[name]))

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self._count.most_common())


def _usual_codes(collection: Collection, vocabulary: Vocabulary) -> dict[tuple[str, str], str]:
    counted: dict[tuple[str, str], Counter[str]] = {}
    for claim in collection.claims:
        introduced = {s.subject for s in claim.facts if s.predicate == RDF_TYPE}
        for s in claim.facts:
            name = shorten(s.predicate)
            if s.subject in introduced and vocabulary.kind(name) == Kind.CODE:
                key = (class_of(collection, s.subject), name)
                counted.setdefault(key, Counter())[shorten(s.value)] += 1
    return {
        key: codes.most_common(1)[0][0]
        for key, codes in counted.items()
        if codes.most_common(1)[0][1] >= _MOSTLY * codes.total()
    }
