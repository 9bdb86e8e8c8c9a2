"""Finds what a query or update must not do: reach out of the machine, unless the operator allows it."""

import ipaddress
import re
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin, urlsplit

from ontology import BASE, KelisimError

# Strings, comments, IRIs, variables and language tags first, since words inside them mean nothing (SPARQL 1.1 Query,
# section 19.8). Everything is matched possessively, so that the time taken is linear in the text.
_TOKEN: Final = re.compile(
    r"""
      (?P<skip> \#[^\n\r]*+ | \"\"\"(?:\"{0,2}+(?:[^"\\]|\\.))*+\"\"\" | '''(?:'{0,2}+(?:[^'\\]|\\.))*+'''
      | "(?:[^"\\\n\r]|\\.)*+" | '(?:[^'\\\n\r]|\\.)*+' | <[^<>"{}|^`\x00-\x20]*+> | [?$][\w·‿⁀]++
      | @[A-Za-z0-9-]++ | \s++ )
    | (?P<name> [\w·‿⁀.-]*+:(?:[\w.:%·‿⁀-]|\\.)*+ )
    | (?P<word> [\w·‿⁀.-]++ )
    | (?P<sign> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_OUTBOUND: Final = re.compile(r"SERVICE|LOAD", re.IGNORECASE)
_HIDING: Final = re.compile(r"""<(?!\w[\w.+-]*+://)[^<>"{}|^`\x00-\x20'#]*+['#]""")


def tokens(text: str) -> Iterator[re.Match[str]]:
    """The tokens of a query or update, in order, in time linear in the text.

    Each is in one group: ``skip`` (comment, string, IRI, variable, language tag, white space), ``name`` (prefixed
    name), ``word`` (keyword, number) or ``sign`` (any other character). They are the engine's but for `find_doubt`.
    """
    return _TOKEN.finditer(text)


def is_blank(token: re.Match[str]) -> bool:
    """Whether the token is white space or a comment."""
    return token[0][0] == "#" or token[0].isspace()


def find_doubt(text: str) -> int:
    """Where the engine may read a ``<`` as less-than that is the start of an IRI to `tokens`; -1 where nowhere.

    The longest token counts (SPARQL 1.1 Query, section 19.8), but the engine decides by what is around it, and reads
    ``(?a<b:c#d>`` as a comparison with ``b:c`` and a comment. Only where a quote or comment would begin in the IRI is
    what follows in doubt, only in brackets and after an operand; and ``scheme://`` is no expression.
    """
    if not _HIDING.search(text):
        return -1
    depth, operand = 0, False
    for token in tokens(text):
        if is_blank(token):
            continue
        if depth and operand and _HIDING.match(token[0]):
            return token.start()
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        operand = token[0] == ")" or not token["sign"]
    return -1


class OutboundRefusedError(KelisimError):
    """The query would make the server fetch from elsewhere."""


def refuse_outbound(query: str, services: frozenset[str] = frozenset()) -> None:
    """Raises OutboundRefusedError if the query or update holds SERVICE or LOAD as a keyword, naming line and column.

    SERVICE may name an endpoint of `services` by its whole IRI, if that is no name for an address of a private network.
    The lexer knows strings, comments, IRIs, variables and prefixed names. The engine's grammar needs no white space
    between keywords and their neighbours (``trueSERVICE``, ``SERVICE:{``), so a word counts that holds the keyword
    anywhere, and so does a prefix where a keyword can stand. In doubt the query is refused.
    """
    upper = query.upper()
    if "SERVICE" not in upper and "LOAD" not in upper:
        return  # nearly all of them
    doubt = find_doubt(query)
    if doubt >= 0 and (found := _OUTBOUND.search(query, doubt)):
        raise _refusal(query, found)
    before, suspect = "", None
    service: re.Match[str] | None = None
    for token in tokens(query):
        if token["skip"] and not token["skip"].startswith("<"):
            continue
        if suspect and token[0] == "{":
            raise _refusal(query, suspect)
        suspect = None
        if service and token[0].upper() != "SILENT":
            if token[0].strip("<>") not in services:
                raise _refusal(query, service)
            _refuse_private(token[0].strip("<>"))
            service = None
        elif services and token[0].upper() == "SERVICE":
            service = token
        elif token["word"] and _OUTBOUND.search(token[0]):
            raise _refusal(query, token)
        if token["name"]:
            found = _OUTBOUND.search(token[0].partition(":")[0])
            if found and found[0].upper() == "LOAD" and before in ("", ";"):
                raise _refusal(query, token)
            suspect = token if found and before != "GRAPH" else None
        before = token[0].upper()


def dataset_graphs(query: str) -> list[str]:
    """The IRIs of the graphs that the FROM and FROM NAMED clauses of a query name (SPARQL 1.1 Query, section 13.2).

    Names whose prefix is not declared are left out: the engine refuses them.
    """
    if "FROM" not in query.upper():
        return []
    base, prefixes, found = BASE, dict[str, str](), list[str]()
    depth, before, declared = 0, "", ""
    for token in tokens(query):
        if is_blank(token):
            continue
        text = token[0]
        iri = urljoin(base, text[1:-1]) if text[0] == "<" and token["skip"] else ""
        prefix, _, local = text.partition(":") if token["name"] else ("", "", "")
        if before == "PREFIX" and token["name"]:
            declared = prefix
            continue
        if iri and before == "PREFIX":
            prefixes[declared] = iri
        elif iri and before == "BASE":
            base = iri
        elif before in ("FROM", "NAMED") and depth == 0 and (iri or (token["name"] and prefix in prefixes)):
            found.append(iri or prefixes[prefix] + local.replace("\\", ""))
        depth += {"{": 1, "}": -1}.get(text, 0)
        before = text.upper()
    return found


def _refusal(query: str, token: re.Match[str]) -> OutboundRefusedError:
    found = _OUTBOUND.search(query, token.start())
    assert found
    line = query.count("\n", 0, found.start()) + 1
    column = found.start() - query.rfind("\n", 0, found.start())
    return OutboundRefusedError(
        f"{found[0].upper()} at line {line}, column {column} is refused: this endpoint makes no requests to other "
        "servers but those that its operator named with --allow-service."
    )


def _refuse_private(endpoint: str) -> None:
    """Raises OutboundRefusedError if a host's name leads to this machine or a private network.

    An endpoint that is named by its address, or as localhost, was meant so by the operator.
    """
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost" or _is_address(host):
        return
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise OutboundRefusedError(f"The host {host} of SERVICE <{endpoint}> cannot be found: {error}.") from error
    if not all(ipaddress.ip_address(str(address).partition("%")[0]).is_global for address in found):
        raise OutboundRefusedError(f"The host {host} of SERVICE <{endpoint}> is an address of a private network.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
