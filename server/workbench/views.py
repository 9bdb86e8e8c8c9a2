"""Forms and passages as templates show them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kg.checks.collection import LANGUAGES, CuratedClaim
from kg.curation.passages import Passage
from ontology.namespaces import MODALITIES, shorten
from server.workbench.bench import Bench
from server.workbench.examining import Told
from server.workbench.fields import Kind, is_property, word
from server.workbench.forms import ClaimForm, Thing, Value
from server.workbench.journal import Fields
from server.workbench.recipes import LABEL, Recipe, is_bound

RECORD: Final = ("kel:speaker", "kel:modality", "kel:gloss")
RECORD_ADDED: Final = ("kel:basis", "kel:note", "kel:relayedBy", "kel:curatorConfidence", "kel:confidenceReason")


@dataclass(frozen=True)
class FieldView:
    """A property as it is asked for: `name` is that of the form's field, `values` end with a blank one to fill in."""

    name: str
    term: str
    label: str
    help: str
    kind: Kind
    required: bool
    values: tuple[Value, ...]
    options: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)
    """The labels of the things that are its values."""
    several: bool = False

    @property
    def texts(self) -> tuple[Value, ...]:
        """The values that are asked for: of texts each one, and a blank one in each language that has none."""
        given = {v.language for v in self.values}
        blank = (Value("", language) for language in self.languages if language not in given)
        order = [*self.languages]
        return tuple(sorted((*self.values, *blank), key=lambda v: order.index(v.language))) if order else self.values

    def name_of(self, value: Value) -> str:
        """The name of the form's field for a value."""
        return f"{self.name}@{value.language}" if value.language else self.name

    @property
    def filled(self) -> bool:
        """Whether it has a value."""
        return any(v.text for v in self.values)

    def told_in(self, language: str) -> list[Told]:
        """What checks tell of the text in a language."""
        return [t for t in self.told if t.field.endswith(f"@{language}")]


@dataclass(frozen=True)
class ThingView:
    """A thing as it is asked for; `addable` are further properties with their labels."""

    name: str
    thing: str
    label: str
    class_name: str
    class_label: str
    named_here: bool
    fields: tuple[FieldView, ...]
    addable: tuple[tuple[str, str], ...]
    told: tuple[Told, ...] = ()


@dataclass(frozen=True)
class SentenceView:
    """A sentence of the article: its text, how many claims rest on it, whether it is selected."""

    number: int
    text: str
    claims: int
    selected: bool


@dataclass(frozen=True)
class ParagraphView:
    """A paragraph of the article."""

    number: int
    sentences: tuple[SentenceView, ...]


class Views:
    """Makes what templates show of a bench, in a language."""

    def __init__(self, bench: Bench, language: str) -> None:
        self._bench = bench
        self._language = language

    def article(self, selected: Passage | None) -> list[ParagraphView]:
        """The article with the number of claims on each sentence."""
        counts: dict[tuple[int, int], int] = {}
        for claim in self._bench.desk.claims:
            if p := claim.passage:
                for number in range(p.first, p.last + 1):
                    counts[p.paragraph, number] = counts.get((p.paragraph, number), 0) + 1
        text = self._bench.desk.text
        found = []
        for paragraph in text.paragraphs:
            sentences = tuple(
                SentenceView(
                    s.number,
                    text.text[s.start : s.end],
                    counts.get((paragraph.number, s.number), 0),
                    selected is not None
                    and selected.paragraph == paragraph.number
                    and selected.first <= s.number <= selected.last,
                )
                for s in text.sentences(paragraph)
            )
            found.append(ParagraphView(paragraph.number, sentences))
        return found

    def things(self, form: ClaimForm, sent: Fields, told: Sequence[Told]) -> list[ThingView]:
        """The things of a form; fields that were sent empty are shown too."""
        asked: dict[str, list[str]] = {}
        for key, _ in sent:
            owner, colon, rest = key.partition(":")
            if colon:
                asked.setdefault(owner, []).append(rest.partition("@")[0])
        return [self._thing(f"thing-{n}", t, asked.get(f"thing-{n}", ()), told) for n, t in enumerate(form.things)]

    def _thing(self, name: str, thing: Thing, asked: Iterable[str], told: Sequence[Told]) -> ThingView:
        bench = self._bench
        class_name = thing.classes[0] if thing.classes else bench.things.classes.get(thing.name, "")
        recipe = bench.recipes.of(class_name)
        introduced = bool(thing.classes) or not thing.name
        given = {r.property for r in thing.rows}
        usual = {p for p in recipe.usual if introduced and not is_bound(p)}
        shown = given | usual | {p for p in asked if is_property(p)}
        fields = tuple(
            self._field(f"{name}:{p}", p, class_name, thing, introduced and p in recipe.required, told)
            for p in bench.recipes.ordered(shown)
        )
        others = [p for p in (*recipe.usual, *recipe.others) if p not in shown]
        known = set(others) | shown
        general = [p for p in self._general if p not in known]
        own = tuple(t for t in told if t.field in {name, f"{name}.class"})
        return ThingView(
            name,
            thing.name,
            bench.things.label(thing.name, self._language),
            class_name,
            word(class_name).label(self._language) if class_name else "",
            recipe.labelled_here,
            fields,
            tuple((p, word(p).label(self._language)) for p in (*others, *general)),
            own,
        )

    @property
    def _general(self) -> tuple[str, ...]:
        recipes = self._bench.recipes.by_class.values()
        return tuple(sorted({p for r in recipes for p in (*r.usual, *r.others)}))

    def sent(self, form: ClaimForm) -> Fields:
        """The fields that a browser sends of a form as it is shown."""
        passage = form.passage
        found = [("paragraph", str(passage.paragraph)), ("first", str(passage.first)), ("last", str(passage.last))]
        things, record = self.things(form, [], []), self.record(form, [])
        for thing in things:
            found += [(thing.name, thing.thing), (f"{thing.name}.class", thing.class_name)]
        fields = (*(f for t in things for f in t.fields), *record[0], *record[1])
        return found + [(f.name_of(v), v.text) for f in fields for v in f.texts]

    def record(self, form: ClaimForm, told: Sequence[Told]) -> tuple[list[FieldView], list[FieldView]]:
        """The fields of the record that each claim has, and those that some have."""
        record = Thing("", ("kel:Claim",), form.record)
        given = {r.property for r in form.record}

        def views(names: Iterable[str]) -> list[FieldView]:
            return [self._field(f"record:{p}", p, "kel:Claim", record, p in RECORD, told) for p in names]

        others = [p for p in given if p not in (*RECORD, *RECORD_ADDED)]
        return views(RECORD), views((*RECORD_ADDED, *others))

    def _field(  # noqa: PLR0913, PLR0917
        self, name: str, named: str, class_name: str, thing: Thing, required: bool, told: Sequence[Told]
    ) -> FieldView:
        bench = self._bench
        kind = bench.vocabulary.kind(named)
        values = next((r.values for r in thing.rows if r.property == named), ())
        languages: tuple[str, ...] = ()
        options: tuple[tuple[str, str], ...] = ()
        if kind in {Kind.WORDS, Kind.NOTE}:
            languages = LANGUAGES if kind == Kind.WORDS else ("en",)
            languages += tuple(sorted({v.language for v in values} - {*languages}))
        elif kind == Kind.CODE:
            codes = [*bench.vocabulary.codes(class_name, named)]
            codes += [v.text for v in values if v.text not in codes]
            options = tuple((code, word(code).label(self._language)) for code in codes)
        elif kind == Kind.UNIT:
            options = tuple((unit, unit) for unit in bench.vocabulary.units)
        if not languages and (not values or named in bench.recipes.several):
            values += (Value(""),)
        meant = word(named)
        own = tuple(t for t in told if t.field == name or t.field.startswith(f"{name}@"))
        shown = {v.text: bench.things.label(v.text, self._language) for v in values if kind == Kind.THING}
        return FieldView(
            name,
            named,
            meant.label(self._language) if meant.labels else _plain(named),
            meant.definition(self._language),
            kind,
            required,
            values,
            options,
            languages,
            own,
            shown,
            named in bench.recipes.several,
        )

    def new_thing(self, thing: Thing, told: Sequence[Told]) -> tuple[FieldView, ...]:
        """The fields of an entity in the making."""
        class_name = thing.classes[0] if thing.classes else ""
        names = [LABEL, "skos:altLabel", *self._bench.entity_fields(class_name)]
        names += [r.property for r in thing.rows if r.property not in names]
        return tuple(self._field(f"thing-0:{p}", p, class_name, thing, p == LABEL, told) for p in names)

    def recipes(self) -> list[tuple[str, Recipe]]:
        """The recipes with the names of their classes, the most used first; those that claims introduce."""
        return [(word(r.name).label(self._language), r) for r in self._bench.recipes.by_class.values() if r.like]

    def kinds(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """By recipe, its name, and the kinds of things with their names."""
        return [
            (
                r.name,
                label,
                [(code, word(code).label(self._language)) for code in self._bench.vocabulary.codes(r.name, "kel:kind")],
            )
            for label, r in self.recipes()
            if r.kinds
        ]

    def modalities(self) -> dict[str, str]:
        """The names of the modalities."""
        return {m: word(f"code:{m}").label(self._language) for m in MODALITIES}

    def claims(self, names: Iterable[str]) -> Iterator[tuple[CuratedClaim, str, str, str]]:
        """Claims with their gloss, modality and speaker in words."""
        for name in names:
            claim = self._bench.desk.claim(name)
            if claim:
                modality = claim.code("modality")
                speaker = next((shorten(s.value) for s in claim.of_record("speaker")), "")
                gloss = claim.gloss(self._language) or claim.gloss("en") or claim.name
                spoken = self._bench.things.label(speaker, self._language) or speaker
                yield claim, gloss, modality, spoken


def _plain(name: str) -> str:
    """The name of a property of another vocabulary, as words."""
    local = name.partition(":")[2]
    return "".join(f" {c.lower()}" if c.isupper() else c for c in local).strip()
