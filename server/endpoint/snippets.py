"""Code snippets that send a query to this endpoint, in several languages."""

import json
import shlex
from dataclasses import dataclass

from kg.publishing.examples import query_form

_BINDINGS = "application/sparql-results+json"
_GRAPH = "text/turtle"


@dataclass(frozen=True)
class Snippet:
    """A program: the name of its language or tool, and its source text."""

    name: str
    code: str


def snippets(endpoint: str, query: str) -> list[Snippet]:
    """The programs for a query of any form; each contains the query unchanged, so that it can be edited there."""
    form = query_form(query)
    is_graph = form in ("CONSTRUCT", "DESCRIBE")
    return [
        Snippet("curl", _curl(endpoint, query, form)),
        Snippet("Python", _python_graph(endpoint, query) if is_graph else _python(endpoint, query, form)),
        Snippet("R", _r(endpoint, query, form)),
        Snippet("JavaScript", _javascript(endpoint, query, form)),
    ]


def _curl(endpoint: str, query: str, form: str) -> str:
    return (
        f"curl {shlex.quote(endpoint)} \\\n"
        f"  --header 'Accept: {_text_type(form)}' \\\n"
        f"  --data-urlencode {shlex.quote('query=' + query)}\n"
    )


def _python(endpoint: str, query: str, form: str) -> str:
    show = (
        'print(answer["boolean"])\n'
        if form == "ASK"
        else 'for row in answer["results"]["bindings"]:\n'
        '    print({name: term["value"] for name, term in row.items()})\n'
    )
    return (
        "from SPARQLWrapper import JSON, POST, SPARQLWrapper  # pip install SPARQLWrapper\n\n"
        f"endpoint = SPARQLWrapper({endpoint!r})\n"
        "endpoint.setMethod(POST)\nendpoint.setReturnFormat(JSON)\n"
        f"endpoint.setQuery({_python_string(query)})\n"
        f"answer = endpoint.queryAndConvert()\n{show}"
    )


def _python_graph(endpoint: str, query: str) -> str:
    return (
        "from rdflib import Graph\n"
        "from SPARQLWrapper import POST, TURTLE, SPARQLWrapper  # pip install SPARQLWrapper\n\n"
        f"endpoint = SPARQLWrapper({endpoint!r})\n"
        "endpoint.setMethod(POST)\nendpoint.setReturnFormat(TURTLE)\n"
        f"endpoint.setQuery({_python_string(query)})\n"
        'graph = Graph().parse(data=endpoint.queryAndConvert(), format="turtle")\n'
        "for triple in graph:\n    print(triple)\n"
    )


def _r(endpoint: str, query: str, form: str) -> str:
    read = "rows <- read.csv(text = resp_body_string(answer))\nprint(rows)\n"
    return (
        'library(httr2)  # install.packages("httr2")\n\n'
        f"query <- {_r_string(query)}\n"
        f"answer <- request({json.dumps(endpoint)}) |>\n"
        f'  req_headers(Accept = "{_text_type(form)}") |>\n'
        "  req_body_form(query = query) |>\n  req_perform()\n"
        + (read if form == "SELECT" else "cat(resp_body_string(answer))\n")
    )


def _javascript(endpoint: str, query: str, form: str) -> str:
    escaped = query.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
    is_graph = form in ("CONSTRUCT", "DESCRIBE")
    show = {
        "SELECT": "const { results } = await response.json();\nconsole.table(results.bindings.map((row) =>\n"
        "  Object.fromEntries(Object.entries(row).map(([name, term]) => [name, term.value]))));\n",
        "ASK": "console.log((await response.json()).boolean);\n",
    }.get(form, "console.log(await response.text());\n")
    return (
        f"const query = `{escaped}`;\n"
        f"const response = await fetch({json.dumps(endpoint)}, {{\n"
        '  method: "POST",\n'
        f'  headers: {{ Accept: "{_GRAPH if is_graph else _BINDINGS}" }},\n'
        "  body: new URLSearchParams({ query }),\n"
        "});\n"
        "if (!response.ok) throw new Error(await response.text());\n"
        f"{show}"
    )


def _text_type(form: str) -> str:
    """The media type that suits printing and reading as a table."""
    return {"SELECT": "text/csv", "ASK": "text/csv"}.get(form, _GRAPH)


def _python_string(text: str) -> str:
    """A triple-quoted literal if the text can stand in one, else one with escapes."""
    plain = '"""' not in text and "\\" not in text and not text.endswith('"') and "\r" not in text
    return f'"""{text}"""' if plain else repr(text)


def _r_string(text: str) -> str:
    """A raw string (R 4.0) with enough dashes that the text does not end it."""
    dashes = "---"
    while f"){dashes}" in text:
        dashes += "-"
    return f'r"{dashes}({text}){dashes}"'
