"""Finds what a query must not do: reach out of the machine."""

import re
from typing import Final

from ontology import KelisimError

# Strings, comments and IRIs first, since words inside them mean nothing (SPARQL 1.1 Query, section 19.8); a variable or
# a prefixed name may hold the word too.
_TOKEN: Final = re.compile(
    r"""
      (?P<skip> \#[^\n\r]* | \"\"\"(?:\"{0,2}(?:[^"\\]|\\.))*\"\"\" | '''(?:'{0,2}(?:[^'\\]|\\.))*'''
      | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*' | <[^<>"{}|^`\\\x00-\x20]*> | [?$][\w·‿⁀]+ | @[A-Za-z0-9-]+
      | _?(?:\w[\w.·‿⁀-]*)?:[\w.:%\\·‿⁀-]* )
    | (?P<word> [A-Za-z]\w* )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_OUTBOUND: Final = frozenset({"SERVICE", "LOAD"})


class OutboundRefusedError(KelisimError):
    """The query would make the server fetch from elsewhere."""


def refuse_outbound(query: str) -> None:
    """Raises OutboundRefusedError if the query or update holds SERVICE or LOAD as a keyword, naming line and column.

    The keywords are found by a lexer that knows strings, comments, IRIs, variables and prefixed names.
    """
    for token in _TOKEN.finditer(query):
        word = token["word"]
        if word and word.upper() in _OUTBOUND:
            line = query.count("\n", 0, token.start()) + 1
            column = token.start() - (query.rfind("\n", 0, token.start()) + 1) + 1
            raise OutboundRefusedError(
                f"{word.upper()} at line {line}, column {column} is refused: this endpoint makes no requests to other "
                "servers. Query the other endpoint yourself and join the answers."
            )
