"""Tables as CSV files, plain or for Excel."""

from typing import Final

from flask import Response, request

from kg.rdf.excel import for_excel
from server.http.errors import ProblemError

_FORMATS: Final = ("csv", "csv-excel")


def table(name: str, csv: str, disposition: str = "attachment") -> Response:
    """A table as the file NAME.csv; with ``format=csv-excel`` as Excel reads it, and always to be saved (RFC 6266).

    Raises a 406 ProblemError for another format.
    """
    form = request.args.get("format") or _FORMATS[0]
    if form not in _FORMATS:
        raise ProblemError(406, "Not acceptable", f"The table comes as one of: {', '.join(_FORMATS)}; not as {form!r}.")
    excel = form == "csv-excel"
    response = Response(for_excel(csv.encode()) if excel else csv, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'{"attachment" if excel else disposition}; filename="{name}.csv"'
    return response
