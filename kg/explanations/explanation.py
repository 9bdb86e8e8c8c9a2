"""Explains why a query has no rows: which elements fail, why, and what would give rows; each claim of it was run."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from kg.engine.errors import BusyError, QueryTimeoutError
from kg.engine.faults import syntax_error
from kg.engine.lexer import lex
from kg.explanations import (
    mistaken_exclusions,
    mistaken_filters,
    mistaken_graphs,
    mistaken_links,
    mistaken_names,
    mistaken_values,
)
from kg.explanations.case import Candidate, Case, names_in
from kg.explanations.failing import Part, failing_and_succeeding
from kg.explanations.findings import Explanation, Finding, Line, Step
from kg.explanations.modifiers import modifier_findings
from kg.explanations.pattern import Group, Leaf, Union
from kg.explanations.probing import Budget, Count, Prober, Source
from kg.explanations.ranking import best_first, unmended
from kg.explanations.reading import read
from kg.explanations.rows import with_row
from kg.language.messages import gettext_noop

MOST_CHARACTERS: Final = 10_000
"""Longer queries are not explained."""

MOST_BRACES: Final = 100
"""Queries with more are not explained."""

_MOST_STEPS: Final = 40
_MOST_PER_PART: Final = 4
_MOST_FINDINGS: Final = 12
_DEPTH: Final = 3
_EXAMPLES: Final = 3
_SHOWN: Final = 5
_GENERATORS: Final = (
    mistaken_filters.candidates,
    mistaken_values.candidates,
    mistaken_graphs.candidates,
    mistaken_links.candidates,
    mistaken_exclusions.candidates,
)
_UNTOLD: Final = frozenset(("triple", "path", "values", "subquery", "union", "row", "service"))


@dataclass(frozen=True)
class Asked:
    """What is to be explained.

    row: values of variables, such as ``?who=id:astana``, to ask why that row is missing. dataset: the IRIs of default
    graphs that stand for FROM. known: namespaces by prefix that need no declaration. language: of the glosses.
    """

    query: str
    row: str = ""
    dataset: Sequence[str] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"


def explain(source: Source, asked: Asked, budget: Budget | None = None) -> Explanation:
    """Explains a query over a source.

    Raises QuerySyntaxError for what is no query or too long, and for a row whose variables the query does not have.
    """
    if len(asked.query) > MOST_CHARACTERS:
        raise syntax_error("Only queries of at most %(most)s characters are explained.", most=str(MOST_CHARACTERS))
    if asked.query.count("{") > MOST_BRACES:
        raise syntax_error("Only queries with at most %(most)s pairs of braces are explained.", most=str(MOST_BRACES))
    return _Explainer(source, asked, budget or Budget()).explanation()


class _Explainer:
    def __init__(self, source: Source, asked: Asked, budget: Budget) -> None:
        self._began = time.monotonic()
        text, self._hidden = with_row(asked.query, asked.row, asked.dataset, asked.known)
        self._reading = read(text)
        self._before = text[: self._hidden]
        self._prober = Prober(source, self._reading, budget)
        self._language = asked.language
        self._unknown = self._checked(source, text)
        for leaf in [*self._reading.root.children][-1:] if asked.row.strip() else ():
            assert isinstance(leaf, Leaf)
            leaf.kind = "row"

    def _checked(self, source: Source, text: str) -> Mapping[str, Sequence[str]]:
        """Runs the query, so that its errors are told, for its names that do not occur."""
        if any(
            leaf.kind == "service" for g in self._reading.root.groups() for leaf in g.children if isinstance(leaf, Leaf)
        ):
            raise syntax_error("Queries with SERVICE are not explained: each part would ask the other endpoint again.")
        plain = "limits" not in self._reading.modifiers and self._reading.form in ("SELECT", "CONSTRUCT")
        plain = plain and text.rstrip().endswith("}") and text[self._reading.end :].strip() == ""
        try:
            return source.unknown(f"{text} LIMIT 1" if plain else text, self._prober.budget.seconds / 2)
        except (QueryTimeoutError, BusyError):
            self._prober.missed += 1
            return {}

    def explanation(self) -> Explanation:
        """The explanation."""
        leaves = [*self._reading.root.leaves()]
        rows = self._prober.count_query(self._reading.text)
        has_pattern = rows if rows is None or rows else self._prober.count(frozenset(leaves))
        findings, failing = list[Finding](), list[Part]()
        if has_pattern is not None and not has_pattern and leaves:
            failing, findings = self._failures(self._prober, leaves, _DEPTH)
        elif rows is not None and not rows:
            found = modifier_findings(self._prober, self._line_at)
            findings = [replace(f, query=f.query[self._hidden :]) for f in found]
        self._prober.budget.extend()
        steps = [*self._steps(leaves)]
        return Explanation(
            rows,
            steps,
            self._with_examples(best_first(findings)[:_MOST_FINDINGS]),
            [[self._line(leaf) for leaf in _ordered(part)] for part in failing],
            self._prober.missed,
            self._prober.run,
            time.monotonic() - self._began,
        )

    def _steps(self, leaves: Sequence[Leaf]) -> Iterator[Step]:
        for number, leaf in enumerate(leaves[:_MOST_STEPS]):
            alone = self._prober.count(frozenset({leaf})) if leaf.kind in _UNTOLD else None
            yield Step(self._line(leaf), alone, self._prober.count(frozenset(leaves[: number + 1])))

    def _failures(self, prober: Prober, leaves: Sequence[Leaf], depth: int) -> tuple[list[Part], list[Finding]]:
        """The minimal failing parts, and findings on each, with mends of each alone or of all together."""
        failing, succeeding = failing_and_succeeding(prober, leaves)
        findings, partial = list[Finding](), dict[Part, Candidate]()
        for part in failing:
            case = Case(prober, leaves, part, self._unknown)
            whole, some = self._tried(case)
            findings += whole
            findings += self._unknown_alone(case)
            if some:
                partial[part] = some[0]
            for leaf in part:
                findings += self._within(prober, leaf, leaves, depth)
        findings += self._combined(prober, leaves, failing, partial)
        findings += (f for part in failing for f in self._without(Case(prober, leaves, part), succeeding))
        return failing, findings

    def _tried(self, case: Case) -> tuple[list[Finding], list[Candidate]]:
        """Those candidates after which the whole has rows, and those that at least mend the failing part."""
        whole, some = list[Finding](), list[Candidate]()
        for candidate in _candidates(case):
            if case.prober.budget.left <= 0:
                case.prober.missed += 1
                break
            if len(whole) >= _MOST_PER_PART and candidate.rank > max(f.rank for f in whole):
                continue
            alone = not _reaches_out(case, candidate)
            if alone and not self._mends(case, candidate):
                continue
            query, rows = case.prober.count_edited(candidate.changes, candidate.dataset, candidate.added)
            if rows:
                whole.append(self._finding(case, candidate, query, rows))
            elif alone:
                some.append(candidate)
        return whole, sorted(some, key=lambda c: c.rank)

    def _unknown_alone(self, case: Case) -> Iterator[Finding]:
        """Names that do not occur and have no similar one."""
        for leaf in _ordered(case.part):
            for name in dict.fromkeys(names_in(leaf.text)):
                iri = case.term(name)
                if iri is not None and iri.value in case.unknown and not case.unknown[iri.value]:
                    template = gettext_noop("%(name)s does not occur in the data.")
                    yield Finding("unknown name", 20, template, {"name": name}, [self._line(leaf)])

    @staticmethod
    def _mends(case: Case, candidate: Candidate) -> bool:
        changes = {leaf: text for leaf, text in candidate.changes.items() if leaf in case.part}
        return bool(case.prober.exists_changed(case.part, changes, candidate.dataset, candidate.added))

    def _finding(self, case: Case, candidate: Candidate, query: str, rows: Count | None) -> Finding:
        lines = [self._line(candidate.at), *(self._line(x) for x in _ordered(case.part) if x is not candidate.at)]
        claims = mistaken_graphs.claims(case, self._language) if candidate.kind == "hedged" else []
        return Finding(
            candidate.kind,
            candidate.rank,
            candidate.template,
            candidate.values,
            lines,
            query[self._hidden :],
            rows,
            claims=claims,
        )

    def _combined(
        self, prober: Prober, leaves: Sequence[Leaf], failing: Sequence[Part], partial: Mapping[Part, Candidate]
    ) -> Iterator[Finding]:
        """The mends of all failing parts together, where those of one alone give no rows."""
        if not partial:
            return
        if set(partial) != set(failing):
            yield from (unmended(self._finding(Case(prober, leaves, p), c, "", None)) for p, c in partial.items())
            return
        changes: dict[Leaf, str] = {}
        for candidate in partial.values():
            changes |= candidate.changes
        datasets = [c.dataset for c in partial.values() if c.dataset is not None]
        added = " ".join(dict.fromkeys(c.added for c in partial.values() if c.added))
        query, rows = prober.count_edited(changes, datasets[0] if datasets else None, added)
        for part, candidate in partial.items():
            found = self._finding(Case(prober, leaves, part), candidate, query if rows else "", rows)
            yield found if rows else unmended(found)

    def _within(self, prober: Prober, leaf: Leaf, leaves: Sequence[Leaf], depth: int) -> Iterator[Finding]:
        """Findings inside a UNION, branch by branch, and inside a subquery."""
        if depth <= 0:
            return
        branches = next((u.branches for u in _unions(prober.reading.focus) if u.whole is leaf), [])
        for branch in branches:
            opened = [each for other in leaves for each in ([*branch.leaves()] if other is leaf else [other])]
            if prober.exists(frozenset(opened)) is False:
                yield from self._failures(prober, opened, depth - 1)[1]
        if leaf.inner:
            inside = Prober(prober.source, replace(prober.reading, focus=leaf.inner), prober.budget)
            own = [*leaf.inner.leaves()]
            if inside.exists(frozenset(own)) is False:
                yield from self._failures(inside, own, depth - 1)[1]
            prober.missed, prober.run = prober.missed + inside.missed, prober.run + inside.run

    def _without(self, case: Case, succeeding: Sequence[Part]) -> Iterator[Finding]:
        """That the part fails, and what there is without one of its elements."""
        if len(case.part - {leaf for leaf in case.part if leaf.kind == "row"}) == 1:
            template = gettext_noop("Nothing that the query sees matches this line.")
        else:
            template = gettext_noop(
                "Nothing that the query sees matches these lines together, but does without any one of them."
            )
        if any(leaf.kind == "row" for leaf in case.part):
            template = gettext_noop("With the values of this row, nothing that the query sees matches this.")
        found = Finding("no match", 80, template, {}, [self._line(leaf) for leaf in _ordered(case.part)])
        mends = sorted((frozenset(case.leaves) - part for part in succeeding), key=len)
        for dropped in (d for d in mends if d & case.part):
            if not any(leaf.kind in _UNTOLD for leaf in case.leaves if leaf not in dropped):
                continue
            query, rows = case.prober.count_edited(dict.fromkeys(dropped, ""))
            if rows:
                lines = [self._line(leaf) for leaf in _ordered(dropped)]
                text = gettext_noop("Nothing matches these lines together. Without the first there are rows.")
                if len(case.part) == 1:
                    text = gettext_noop("Nothing that the query sees matches this line. Without it there are rows.")
                elif len(dropped) > 1:
                    text = gettext_noop("Nothing matches all of these lines. Without them there are rows.")
                others = [self._line(leaf) for leaf in _ordered(case.part - dropped)] if len(dropped) == 1 else []
                yield Finding("without", 79, text, {}, [*lines, *others], query[self._hidden :], rows)
        yield found

    def _with_examples(self, findings: Sequence[Finding]) -> list[Finding]:
        found = list[Finding]()
        for number, each in enumerate(findings):
            query = f"{self._before}{each.query}" if each.query and number < _SHOWN else ""
            found.append(replace(each, examples=self._prober.sample(query, _EXAMPLES)) if query else each)
        return found

    def _line(self, leaf: Leaf) -> Line:
        if leaf.kind == "row":
            return Line(leaf.text, 0, 0)
        return Line(leaf.text, leaf.line, leaf.column - (self._hidden if leaf.line == 1 else 0))

    def _line_at(self, start: int, end: int) -> Line:
        line, column = self._reading.position(start)
        return Line(self._reading.text[start:end], line, column - (self._hidden if line == 1 else 0))


def _candidates(case: Case) -> Iterator[Candidate]:
    """All candidates, those for the whole query first."""
    ordered = [leaf for leaf in _ordered(case.part) if leaf.kind != "row"]
    yield from (c for leaf in _ordered(case.part) for c in mistaken_names.candidates(case, leaf))
    if ordered:
        yield from mistaken_graphs.of_the_query(case, ordered[0])
    for generator in _GENERATORS:
        for leaf in ordered:
            yield from generator(case, leaf)
    for leaf in case.part - {*ordered}:
        yield from mistaken_values.of_the_row(case, leaf)


def _reaches_out(case: Case, candidate: Candidate) -> bool:
    """Whether a candidate needs elements outside the failing part: those that bind a variable that it brings in."""
    texts = (*(text for leaf, text in candidate.changes.items() if leaf in case.part), candidate.added)
    brought = {str(t)[1:] for text in texts for t in lex(text) if t.type == "VARIABLE"}
    known = frozenset[str]().union(*(leaf.used_with_graph for leaf in case.part))
    others = frozenset[str]().union(*(leaf.bound_with_graph for leaf in case.leaves if leaf not in case.part))
    return bool((brought - known) & others)


def _ordered(part: Part) -> list[Leaf]:
    return sorted(part, key=lambda leaf: leaf.start)


def _unions(group: Group) -> Iterator[Union]:
    return (child for each in group.groups() for child in each.children if isinstance(child, Union))
