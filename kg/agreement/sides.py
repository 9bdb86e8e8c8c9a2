"""The two sides of a comparison: a folder of curated files, or one file of claims over a folder that both share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from kg.checks.collection import Collection, CuratedClaim, collect, curated_texts, local
from kg.curation.curated import Claim, distinct, parse, read_claims
from kg.curation.sources import ArticleText, read_articles
from kg.rdf.files import read_text
from ontology import KelisimError
from ontology.namespaces import KEL, SRC


@dataclass(frozen=True)
class Side:
    """One curation: where it is, all its curated files, and the claims that are compared.

    texts: of the curated files, by their paths below the folder. articles: the short names of the articles that it
    curates, of which it may have no claim yet.
    """

    path: Path
    texts: Mapping[str, str]
    collection: Collection
    claims: tuple[CuratedClaim, ...]
    articles: frozenset[str]

    @cached_property
    def used(self) -> frozenset[str]:
        """The things and codes that the compared claims name."""
        return frozenset(self.collection.spoken_of(self.claims))

    @cached_property
    def known(self) -> frozenset[str]:
        """The things that its files declare or name."""
        return frozenset(self.collection.described) | frozenset(self.collection.facts_of) | self.used

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """The labels and other spellings of things by language, also of those that only claims name."""
        found: dict[str, Mapping[str, tuple[str, ...]]] = dict(self.collection.names)
        for claim in self.claims:
            for s in claim.facts:
                if local(s.predicate) == "label" and s.subject not in self.collection.names:
                    found[s.subject] = {**found.get(s.subject, {}), s.language: (s.value,)}
        return found


def article_of(claim: CuratedClaim) -> str:
    """The short name of the article that a claim is of, by its passage, else by its own name."""
    return claim.passage.article if claim.passage else claim.numbered[0]


def read_side(path: Path, shared: Path | None = None, folder: Path | None = None) -> Side:
    """Reads one side.

    path: a folder with ``claims/NAME.trig`` and the rest, or one file of claims. shared: the folder of the other files
    of a file of claims that does not lie in one; by default the nearest above it, else that in the package. folder:
    the articles' texts.

    Raises KelisimError if there is nothing, or, with file and line, if a file cannot be read or a claim stands twice.
    """
    file = f"claims/{path.name}"
    texts = curated_texts(path) if path.is_dir() else _over_shared(path, shared)
    own = {n for n in texts if n.startswith("claims/")} if path.is_dir() else {file}
    places = {name: str(path if name in own and path.is_file() else _under(path, name)) for name in texts}
    for name in texts.keys() - own:
        _well_formed(places[name], texts[name])
    distinct(claim for name in sorted(own) for claim in _claims(places[name], texts[name]))
    collection = collect(texts)
    if folder:
        collection = collect(texts, _texts(collection, folder))
    claims = tuple(c for c in collection.claims if c.file in own)
    named = {Path(name).stem for name in own} & {a for a, _ in _records(collection)}
    return Side(path, texts, collection, claims, frozenset({article_of(c) for c in claims} | named) - {""})


def _under(path: Path, name: str) -> Path:
    return path / name if path.is_dir() else Path(name)


@lru_cache(maxsize=128)
def _well_formed(name: str, text: str) -> None:
    """Raises KelisimError, with file and line, if a file is malformed."""
    if name.endswith(".trig"):
        _claims(name, text)
    else:
        for _ in parse(text, name):
            pass


@lru_cache(maxsize=32)
def _claims(name: str, text: str) -> tuple[Claim, ...]:
    """The claims of a file; raises KelisimError, with file and line, if it is malformed."""
    return tuple(read_claims(text, name)[0])


def _over_shared(path: Path, shared: Path | None) -> dict[str, str]:
    """The texts of a file of claims and of the folder around it, without other files of claims of its articles."""
    text = read_text(path)
    folders = [*path.resolve().parents]
    if folders[0].name != "claims" and shared:
        around: Path | None = shared
    else:
        around = next((f for f in folders if any(f.glob("claims/*.trig"))), shared)
    texts = curated_texts(around)
    articles = _articles(str(path), text)
    for name in [name for name in texts if name.startswith("claims/")]:
        if _articles(name, texts[name]) & articles:
            del texts[name]
    return {**texts, f"claims/{path.name}": text}


def _articles(name: str, text: str) -> set[str]:
    """The articles of which a file has claims, and the one that it is named after."""
    return {*(claim.name.partition("-p")[0] for claim in _claims(name, text)), Path(name).stem}


def _records(collection: Collection) -> list[tuple[str, str]]:
    """The short names of the articles with a record, and the SHA-256 of their texts."""
    digest = str(KEL.sha256)
    return [
        (s.subject.removeprefix(str(SRC)), s.value)
        for s in collection.reference
        if s.predicate == digest and "Article" in collection.types.get(s.subject, ())
    ]


def _texts(collection: Collection, folder: Path) -> dict[str, ArticleText]:
    """The texts in a folder of the articles that have a record there."""
    by_digest = read_articles(folder)
    return {name: by_digest[digest] for name, digest in _records(collection) if digest in by_digest}


def chosen(a: Side, b: Side, article: str = "") -> tuple[Side, Side, tuple[str, ...]]:
    """The two sides with the claims of the articles that are compared: the one named, else all that both curate.

    The third value are the articles that only one side curates, and so are left out.
    Raises KelisimError if there is no such article, or if the sides are of different articles, or of different texts.
    """
    either, both = a.articles | b.articles, a.articles & b.articles
    if article and article not in either:
        raise KelisimError(f"Neither side has claims of {article!r}; there are: {', '.join(sorted(either)) or 'none'}.")
    wanted = {article} if article else both
    if not wanted:
        told = " and ".join(f"{s.path} of {', '.join(sorted(s.articles)) or 'no article'}" for s in (a, b))
        raise KelisimError(
            f"The two sides curate different articles: {told}. Compare two curations of one text, "
            "or name an article (--article) of which one side has nothing."
        )
    digests = dict(_records(a.collection)), dict(_records(b.collection))
    for name in sorted(wanted & digests[0].keys() & digests[1].keys()):
        if digests[0][name] != digests[1][name]:
            raise KelisimError(
                f"The two sides curate different texts under the name {name}: their sources.ttl record the SHA-256 "
                f"{digests[0][name]} and {digests[1][name]}. Give both the record of the text that they curate."
            )
    narrowed = [replace(s, claims=tuple(c for c in s.claims if article_of(c) in wanted)) for s in (a, b)]
    left_out = () if article else tuple(sorted(either - both))
    return replace(narrowed[0], articles=frozenset(wanted)), replace(narrowed[1], articles=frozenset(wanted)), left_out
