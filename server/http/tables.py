"""Tables as files: CSV, plain or for Excel, JSON, and Excel workbooks."""

from typing import Final

from flask import Response, request

from kg.rdf.excel import for_excel
from kg.tabular.table import Table
from kg.tabular.writing import WRITERS
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.site import Site

_FORMATS: Final = ("csv", "csv-excel")

SUFFIXES: Final = ("csv", "json", "xlsx")
"""What the addresses of tables end with."""


def table(name: str, csv: str, disposition: str = "attachment") -> Response:
    """A table as the file NAME.csv; with ``format=csv-excel`` as Excel reads it, and always to be saved (RFC 6266).

    Raises a 406 ProblemError for another format.
    """
    excel = _is_for_excel()
    response = Response(for_excel(csv.encode()) if excel else csv, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'{"attachment" if excel else disposition}; filename="{name}.csv"'
    return response


def tabular(found: Table, suffix: str) -> Response:
    """A table as a file of that suffix; CSV with ``format=csv-excel`` as Excel reads it."""
    if suffix not in SUFFIXES:
        offered = ", ".join(f"{found.name}.{each}" for each in SUFFIXES)
        raise ProblemError(404, "Not found", f"There is no {found.name}.{suffix}; there is: {offered}.")
    media_type, write = WRITERS["csv-excel" if suffix == "csv" and _is_for_excel() else suffix]
    response = Response(write(found), content_type=media_type)
    place = "inline" if suffix == "json" else "attachment"
    response.headers["Content-Disposition"] = f'{place}; filename="{found.name}.{suffix}"'
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def about_table(site: Site) -> list[tuple[str, str]]:
    """What a table says of itself: where it is from, of which version, and under which licence."""
    about, version = site.about, site.version
    licences = ", ".join(each.address for each in about.named_licences(language()))
    return [
        ("source", str(about.name(language()))),
        ("address", request.url),
        ("version", f"{version.number}, {version.time[:10]}, {version.sha256 or version.digest or ''}"),
        ("licence", licences),
        ("certainty", translate("What is planned, expected, possible or denied is no fact.")),
    ]


def _is_for_excel() -> bool:
    form = request.args.get("format") or _FORMATS[0]
    if form not in _FORMATS:
        raise ProblemError(406, "Not acceptable", f"The table comes as one of: {', '.join(_FORMATS)}; not as {form!r}.")
    return form == "csv-excel"
