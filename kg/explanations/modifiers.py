"""What leaves nothing of the solutions of a pattern: LIMIT, OFFSET, HAVING, the template of CONSTRUCT."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from kg.engine.lexer import lex
from kg.explanations.findings import Finding, Line
from kg.explanations.probing import Prober
from kg.language.messages import gettext_noop


def modifier_findings(prober: Prober, line_at: Callable[[int, int], Line]) -> Iterator[Finding]:
    """The modifiers without which there are rows."""
    reading = prober.reading
    for name in ("limits", "having"):
        if name not in reading.modifiers:
            continue
        start, end = reading.modifiers[name]
        query = reading.text[:start] + reading.text[end:]
        rows = prober.count_query(query)
        if not rows:
            continue
        own = [*lex(reading.text[start:end])]
        template = gettext_noop("HAVING leaves out all groups; there are %(rows)s.")
        if name == "limits":
            numbers = {k.upper(): str(n) for k, n in pairwise(own)}
            template = gettext_noop("OFFSET passes over all rows; there are %(rows)s.")
            if numbers.get("LIMIT") == "0":
                template = gettext_noop("LIMIT 0 asks for no row; there are %(rows)s.")
        yield Finding(name.rstrip("s"), 1, template, {"rows": str(rows)}, [line_at(start, end)], query, rows)
