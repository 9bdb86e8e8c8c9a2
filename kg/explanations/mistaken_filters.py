"""Filters that leave out all rows: languages, texts, cases of letters, datatypes, ranges, variables without a value."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import pyoxigraph as ox
from lark import Token
from rapidfuzz import fuzz, process

from kg.engine.lexer import lex
from kg.engine.names import LABELS
from kg.explanations.case import Candidate, Case, told
from kg.explanations.comparisons import comparisons, nearest, retyped
from kg.explanations.pattern import Leaf
from kg.language.messages import gettext_noop
from kg.store.reader import Term

_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*|\*")
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")
_SAMPLE: Final = 2000
_OF_TERMS: Final = frozenset(
    ("STR", "LANG", "DATATYPE", "BOUND", "ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISNUMERIC")
)

Values = dict[str, list[Term]]


def candidates(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """Other filters, by the values that there are."""
    if leaf.kind != "filter":
        return
    tokens = [*lex(leaf.text)]
    yield from _unbound(case, leaf, tokens)
    values = {name: found for name in sorted(leaf.uses) if (found := _values(case, leaf, name))}
    if not values:
        return
    yield from _languages(case, leaf, tokens, values)
    yield from _texts(case, leaf, tokens, values)
    yield from _things(case, leaf, tokens, values)
    yield from _datatypes(case, leaf, tokens, values)
    yield from _ranges(case, leaf, tokens, values)


def _values(case: Case, leaf: Leaf, name: str) -> list[Term]:
    rows = case.explore(leaf, "", f"DISTINCT ?{name}", _SAMPLE)
    return [row[name] for row in rows if name in row]


def _unbound(case: Case, leaf: Leaf, tokens: Sequence[Token]) -> Iterator[Candidate]:
    """Variables that no line, or none inside the same braces, gives a value."""
    everywhere = frozenset[str]().union(*(o.bound_with_graph for o in case.leaves if o is not leaf))
    here = frozenset[str]().union(*(o.bound_with_graph for o in leaf.group.leaves() if o is not leaf))
    for name in sorted(leaf.uses - everywhere):
        for other, likeness, _ in process.extract(name, sorted(everywhere), scorer=fuzz.ratio, limit=2):
            if likeness >= 50:
                template = gettext_noop("No line gives %(variable)s a value; %(other)s has one.")
                text = _with(leaf.text, [(t, f"?{other}") for t in tokens if t[1:] == name and t.type == "VARIABLE"])
                yield Candidate(
                    "no value", 3, template, {"variable": f"?{name}", "other": f"?{other}"}, leaf, {leaf: text}
                )
        template = gettext_noop("No line gives %(variable)s a value, so the filter never holds.")
        yield Candidate("no value", 8, template, {"variable": f"?{name}"}, leaf, {leaf: ""})
    correlated = any(group.kind == "exists" for group in leaf.group.around())  # there the outer values count
    for name in sorted((leaf.uses & everywhere) - here) if not correlated else ():
        template = gettext_noop("%(variable)s has no value inside these braces, only outside: there the filter holds.")
        yield Candidate("scope", 4, template, {"variable": f"?{name}"}, leaf, {leaf: ""}, added=leaf.text)


def _languages(case: Case, leaf: Leaf, tokens: Sequence[Token], values: Values) -> Iterator[Candidate]:
    asked = [t for n, t in enumerate(tokens) if t.type == "STRING" and _TAG.fullmatch(t[1:-1]) and _is_tag(tokens, n)]
    tags = sorted({v.language or "" for found in values.values() for v in found if isinstance(v, ox.Literal)})
    if not asked or not tags:
        return
    listed = ", ".join(tag for tag in tags if tag)
    first = asked[0][1:-1].lower()
    told_values = {"asked": ", ".join(asked), "found": listed}
    whole = _is_simple(tokens) and not _is_cut(values)
    for tag in sorted(
        filter(None, tags), key=lambda tag: (tag.lower() != first, not tag.startswith(first[:2]), tag != "en")
    ):
        text = _with(leaf.text, [(t, f'"{tag}"') for t in asked])
        template = gettext_noop("No value is in the language %(asked)s. Languages that occur: %(found)s.")
        if not whole or first in (other.lower() for other in tags):
            template = gettext_noop("In the language %(asked)s no value fits; there are others in: %(found)s.")
        yield Candidate("language", 18, template, told_values, leaf, {leaf: text})
    if tags == [""] and whole:
        template = gettext_noop("The filter asks for the language %(asked)s, but the values have no language tag.")
        yield Candidate("language", 19, template, told_values, leaf, {leaf: ""})


def _is_tag(tokens: Sequence[Token], number: int) -> bool:
    """Whether a string is compared with LANG(?x), before or after it, or is an argument with it."""
    before, after = tokens[max(0, number - 5) : number], tokens[number + 1 : number + 3]
    return (len(before) == 5 and before[0].upper() == "LANG") or (len(after) == 2 and after[1].upper() == "LANG")


def _texts(case: Case, leaf: Leaf, tokens: Sequence[Token], values: Values) -> Iterator[Candidate]:
    """STR() around variables; then small letters too."""
    wrapped = [(t, f"STR({t})") for n, t in enumerate(tokens) if _is_bare(tokens, n, values)]
    sample = next((found[0] for name, found in values.items() if any(t[1:] == name for t, _ in wrapped)), None)
    strings = [t for t in tokens if t.type == "STRING"]
    if not strings:
        return
    if wrapped and sample is not None:
        template = gettext_noop(
            "The values are things, such as %(found)s, and no texts. STR() is the text of their IRIs."
        )
        if isinstance(sample, ox.Literal):
            template = gettext_noop(
                "The values are no plain texts but, for instance, %(found)s. STR() is the text alone."
            )
        yield Candidate("text", 20, template, {"found": told(sample)}, leaf, {leaf: _with(leaf.text, wrapped)})
    template = gettext_noop(
        "It holds if small and capital letters are not told apart. A value is, for instance, %(found)s."
    )
    nearest_first = _alike([value for found in values.values() for value in found], tokens)
    for text in _any_case(leaf, tokens, values):
        yield Candidate("case", 21, template, {"found": told(nearest_first[0])}, leaf, {leaf: text})


def _is_bare(tokens: Sequence[Token], number: int, values: Values) -> bool:
    token = tokens[number]
    called = tokens[number - 2].upper() if number > 1 and tokens[number - 1].type == "LPAR" else ""
    return token.type == "VARIABLE" and token[1:] in values and called not in _OF_TERMS


def _any_case(leaf: Leaf, tokens: Sequence[Token], values: Values) -> Iterator[str]:
    if any(t.upper() == "REGEX" for t in tokens):
        edits = [(t, f"STR({t})") for n, t in enumerate(tokens) if _is_bare(tokens, n, values)]
        strings = [t for t in tokens if t.type == "STRING"]
        yield _with(leaf.text, [*edits, (strings[0], f'{strings[0]}, "i"')] if len(strings) == 1 else edits)
        return
    edits = [(t, f"LCASE(STR({t}))") for n, t in enumerate(tokens) if _is_bare(tokens, n, values)]
    for number, token in enumerate(tokens[:-3]):  # STR(?x) becomes LCASE(STR(?x))
        if token.upper() in ("STR", "UCASE") and tokens[number + 3].type == "RPAR":
            edits += [(token, f"LCASE({token}"), (tokens[number + 3], "))")]
    yield _with(leaf.text, [*edits, *((t, t.lower()) for t in tokens if t.type == "STRING")])


def _things(case: Case, leaf: Leaf, tokens: Sequence[Token], values: Values) -> Iterator[Candidate]:
    """``?x = "name"`` where ?x is a thing with that label."""
    labels = "|".join(map(str, LABELS))
    for each in comparisons(tokens, case):
        own = values.get(each.variable, ())
        if isinstance(each.constant, ox.Literal) and any(isinstance(value, ox.NamedNode) for value in own):
            name = ox.Literal(each.constant.value.lower())
            named = f"?{each.variable} ({labels}) ?_name . FILTER(LCASE(STR(?_name)) = {name})"
            for row in case.explore(leaf, named, f"DISTINCT ?{each.variable}", 2):
                found = row[each.variable]
                text = _with(leaf.text, each.edits(case.spelt(found)))
                template = gettext_noop("The value is a thing and no text: %(found)s is what is called %(asked)s.")
                yield Candidate(
                    "thing for text",
                    17,
                    template,
                    {"found": told(found), "asked": told(each.constant)},
                    leaf,
                    {leaf: text},
                )


def _datatypes(case: Case, leaf: Leaf, tokens: Sequence[Token], values: Values) -> Iterator[Candidate]:
    changed, shown = list[tuple[Token, str]](), dict[str, str]()
    for each in comparisons(tokens, case):
        found = values.get(each.variable, [])
        if found and (edits := retyped(each, found[0], case)):
            changed += edits
            shown = shown or {"asked": told(each.constant), "found": told(found[0]), "type": _type(found[0], case)}
    plain = [
        (t, t[1:-1])
        for n, t in enumerate(tokens)
        if t.type == "STRING" and _NUMBER.fullmatch(t[1:-1]) and _is_last(tokens, n)
    ]
    if plain:
        template = gettext_noop("%(asked)s is a text here; as a number it is found.")
        text = _with(leaf.text, plain)
        yield Candidate("datatype", 17, template, {"asked": ", ".join(t for t, _ in plain)}, leaf, {leaf: text})
    if changed:
        template = gettext_noop(
            "The filter compares with %(asked)s, but the values are of another datatype: %(found)s (%(type)s)."
        )
        yield Candidate("datatype", 16, template, shown, leaf, {leaf: _with(leaf.text, changed)})


def _is_last(tokens: Sequence[Token], number: int) -> bool:
    """Whether neither a language tag nor a datatype follows."""
    return number + 1 == len(tokens) or tokens[number + 1].type not in ("LANGUAGE", "CARETS")


def _type(term: Term, case: Case) -> str:
    return case.spelt(term.datatype) if isinstance(term, ox.Literal) else "IRI"


def _ranges(case: Case, leaf: Leaf, tokens: Sequence[Token], values: Values) -> Iterator[Candidate]:
    """The nearest values that there are."""
    for each in comparisons(tokens, case):
        found = nearest(each, values.get(each.variable, []))
        if found is None or not _is_simple(tokens) or _is_cut(values):
            continue
        template = gettext_noop("No value of %(variable)s is in the range; they go from %(least)s to %(most)s.")
        shown = {"variable": f"?{each.variable}", "least": told(found.least), "most": told(found.most)}
        if each.sign == "EQUAL":
            template = gettext_noop("No value of %(variable)s is %(asked)s; near it is %(found)s.")
            shown |= {"asked": told(each.constant), "found": told(found.value)}
        edits = [*each.edits(case.spelt(found.value)), *each.with_equality()]
        yield Candidate("range", 35, template, shown, leaf, {leaf: _with(leaf.text, edits)})
    for name, own in values.items():
        template = gettext_noop("The filter leaves out all rows. Values of %(variable)s are, for instance, %(found)s.")
        shown = {"variable": f"?{name}", "found": ", ".join(map(told, _alike(own, tokens)))}
        yield Candidate("filter", 60, template, shown, leaf, {leaf: ""})


def _is_simple(tokens: Sequence[Token]) -> bool:
    """Whether a filter has one condition only."""
    return not any(t.type in ("DOUBLE_BAR", "DOUBLE_AMPERSAND", "BANG", "NOT", "UNEQUAL") for t in tokens)


def _is_cut(values: Values) -> bool:
    """Whether there may be more values than were looked at."""
    return any(len(found) >= _SAMPLE for found in values.values())


def _alike(values: Sequence[Term], tokens: Sequence[Token]) -> list[Term]:
    """Those values that are most like the texts of the filter."""
    asked = " ".join(t[1:-1] for t in tokens if t.type == "STRING")
    if not asked:
        return [*values[:5]]
    return sorted(values, key=lambda v: -fuzz.partial_ratio(asked.lower(), told(v).lower()))[:5]


def _with(text: str, edits: "Sequence[tuple[Token, str]]") -> str:
    """The text of a filter with other texts for some of its tokens."""
    parts, done = list[str](), 0
    for token, new in sorted(edits, key=lambda e: e[0].start_pos or 0):
        if (token.start_pos or 0) >= done:
            parts += text[done : token.start_pos], new
            done = token.end_pos or 0
    return "".join((*parts, text[done:]))
