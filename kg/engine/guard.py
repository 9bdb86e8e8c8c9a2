"""Refuses queries and updates that would make outbound requests, unless the operator allows the endpoint."""

import ipaddress
import re
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin, urlsplit

from kg.engine.errors import ServiceError
from ontology import BASE, KelisimError

# Strings, comments, IRIs, variables and language tags first: words inside them are no keywords (SPARQL 1.1 Query,
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
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AMBIGUOUS_IRI: Final = re.compile(r"""<(?!\w[\w.+-]*+://)[^<>"{}|^`\x00-\x20'#]*+['#]""")


def tokens(text: str) -> Iterator[re.Match[str]]:
    """The tokens of a query or update, in order, in time linear in the text.

    Each is in one group: ``skip`` (comment, string, IRI, variable, language tag, white space), ``name`` (prefixed
    name), ``word`` (keyword, number) or ``sign`` (any other character). `find_ambiguity` says
    where pyoxigraph's tokens differ.
    """
    return _TOKEN.finditer(text)


def is_ignored(token: re.Match[str]) -> bool:
    """Whether the token is white space or a comment, which the grammar ignores."""
    return token[0][0] == "#" or token[0].isspace()


def find_ambiguity(text: str) -> int:
    """The offset of the first ``<`` that starts an IRI for `tokens` and may be less-than for pyoxigraph; else -1.

    The longest token counts (SPARQL 1.1 Query, section 19.8), but pyoxigraph decides by context, and parses
    ``(?a<b:c#d>`` as a comparison with ``b:c`` and a comment. This matters only if the IRI contains a quote or ``#``,
    only in brackets and after an operand; and ``scheme://`` is no expression.
    """
    if not _AMBIGUOUS_IRI.search(text):
        return -1
    depth, operand = 0, False
    for token in tokens(text):
        if is_ignored(token):
            continue
        if depth and operand and _AMBIGUOUS_IRI.match(token[0]):
            return token.start()
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        operand = token[0] == ")" or not token["sign"]
    return -1


class OutboundRefusedError(KelisimError):
    """The query would make the server send a request to another server."""


def refuse_outbound(query: str, services: frozenset[str] = frozenset()) -> None:
    """Raises OutboundRefusedError, with line and column, if the query or update has SERVICE or LOAD as a keyword.

    SERVICE may name an endpoint of `services` by its full IRI, if its host does not resolve to a private network.
    The lexer knows strings, comments, IRIs, variables and prefixed names. pyoxigraph's grammar needs no white space
    between keywords and their neighbours (``trueSERVICE``, ``SERVICE:{``), so a word that contains the keyword counts,
    and so does a prefix in the position of a keyword. Ambiguous queries are refused.
    """
    upper = query.upper()
    if "SERVICE" not in upper and "LOAD" not in upper:
        return  # the common case
    doubt = find_ambiguity(query)
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
            _refuse_private(token[0].strip("<>"), silent=before == "SILENT")
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


def tokens_with_iris(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The tokens that are not ignored, each with the IRI that it names; empty if it names none, and in the prologue.

    Names with an undeclared prefix are given as none: pyoxigraph rejects the text.
    """
    base, prefixes, before, declared = BASE, dict[str, str](), "", ""
    for token in tokens(text):
        if is_ignored(token):
            continue
        word, iri = token[0], ""
        if token["skip"] and word[0] == "<":
            iri = resolved(word[1:-1], base)
        elif token["name"]:
            prefix, _, local = word.partition(":")
            if before == "PREFIX":
                declared = prefix
                yield token, ""
                continue  # `before` stays: the IRI follows
            # A full stop after the name is none of it (SPARQL 1.1 Query, PN_LOCAL).
            iri = prefixes[prefix] + local.rstrip(".").replace("\\", "") if prefix in prefixes else ""
        if iri and before == "PREFIX":
            prefixes[declared], iri = iri, ""
        elif iri and before == "BASE":
            base, iri = iri, ""
        yield token, iri
        before = word.upper()


def dataset_graphs(query: str) -> tuple[list[str], list[str]]:
    """The IRIs that the FROM clauses of a query name, and those of FROM NAMED (SPARQL 1.1 Query, section 13.2)."""
    if "FROM" not in query.upper():
        return [], []
    default, named = list[str](), list[str]()
    depth, before = 0, ""
    for token, iri in tokens_with_iris(query):
        if iri and depth == 0 and before in ("FROM", "NAMED"):
            (named if before == "NAMED" else default).append(iri)
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        before = token[0].upper()
    return default, named


def without_dataset(query: str) -> str:
    """The query with spaces for its FROM and FROM NAMED clauses."""
    if "FROM" not in query.upper():
        return query
    parts, depth, clause = [], 0, False
    for token in tokens(query):
        text = token[0]
        depth += {"{": 1, "}": -1}.get(text, 0)
        if text.upper() == "FROM" and depth == 0 and token["word"]:
            clause = True
        parts.append(re.sub(r"\S", " ", text) if clause and not is_ignored(token) else text)
        clause = clause and (is_ignored(token) or text.upper() in ("FROM", "NAMED"))
    return "".join(parts)


def with_from(query: str, graph: str) -> str:
    """The query with a FROM clause for a graph where the grammar has it (SPARQL 1.1 Query, section 19.8, rules 7-12).

    That is before WHERE or the group of patterns: after the template of CONSTRUCT, if it has one.
    """
    depth, form, before = 0, "", ""
    for token in tokens(query):
        text, word = token[0], token[0].upper()
        if is_ignored(token):
            continue
        if depth == 0 and token["word"] and word in ("SELECT", "CONSTRUCT", "DESCRIBE", "ASK"):
            form = form or word
        is_template = form == before == "CONSTRUCT" and text == "{"
        if depth == 0 and form and (text == "{" or (token["word"] and word == "WHERE")) and not is_template:
            return f"{query[: token.start()]}FROM <{graph}> {query[token.start() :]}"
        depth += {"{": 1, "}": -1, "(": 1, ")": -1}.get(text, 0)
        before = word
    return f"{query} FROM <{graph}>" if form == "DESCRIBE" else query


def resolved(iri: str, base: str) -> str:
    """The IRI, resolved against a base if it is relative (RFC 3986, section 5)."""
    if _SCHEME.match(iri):
        return iri
    try:
        return urljoin(base, iri) + "#" * iri.endswith("#")  # which urljoin drops
    except ValueError:  # it is stricter than RFC 3987
        return iri


def _refusal(query: str, token: re.Match[str]) -> OutboundRefusedError:
    found = _OUTBOUND.search(query, token.start())
    assert found
    line = query.count("\n", 0, found.start()) + 1
    column = found.start() - query.rfind("\n", 0, found.start())
    return OutboundRefusedError(
        f"{found[0].upper()} at line {line}, column {column} is refused: this endpoint makes no requests to other "
        "servers but those that its operator named with --allow-service."
    )


def _refuse_private(endpoint: str, *, silent: bool) -> None:
    """Raises OutboundRefusedError if the host name resolves to this machine or a private network.

    Raises ServiceError if it does not resolve, unless the call is silent, which then gives the empty solution. An IP
    address or localhost is allowed: the operator named it explicitly.
    """
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost" or _is_address(host):
        return
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        if silent:
            return
        raise ServiceError(f"The host {host} of SERVICE <{endpoint}> cannot be found: {error}.") from error
    if not all(ipaddress.ip_address(str(address).partition("%")[0]).is_global for address in found):
        raise OutboundRefusedError(f"The host {host} of SERVICE <{endpoint}> is an address of a private network.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
