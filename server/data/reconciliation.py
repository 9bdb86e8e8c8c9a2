"""``/reconcile``: the Reconciliation Service API 0.2, which OpenRefine uses.

Specification of the W3C Entity Reconciliation Community Group:
https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

from typing import Any, Final

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from kg.language.classes import RECONCILED
from kg.language.labels import labels
from kg.language.transliteration import fold
from kg.search.matching import Candidate, matchable, prefix_candidates
from kg.search.reconciliation import Match, reconcile
from kg.store.reader import Reader
from kg.views.properties import properties_of
from ontology import version
from ontology.namespaces import ID, KEL, shorten
from server.data.extension import SETTINGS, extend
from server.data.records import MOST_RECORDS, iri_of, read_records
from server.data.search import current_index, expanded
from server.http.class_names import class_names
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.site import Site

PREVIEW_WIDTH: Final = 400
PREVIEW_HEIGHT: Final = 150

_SUGGESTIONS: Final = 10
_MOST_SKIPPED: Final = 1_000
_MOST_PREFIX: Final = 200
_PREVIEW_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; frame-ancestors *; base-uri 'none'"
)


def blueprint(site: Site) -> Blueprint:
    """The reconciliation service of a site."""
    routes = Blueprint("reconciliation", __name__)

    @routes.route("/reconcile", methods=["GET", "POST"])
    def service() -> Response:
        """The manifest (section 3.1), candidates for queries (section 4.3), or values of properties (section 7.3)."""
        given = request.form if request.method == "POST" else request.args
        if "queries" in given:
            records = read_records(given["queries"])
            found = reconcile(current_index(site).value, site.reader, list(records.values()), language())
            names = _class_names(site)
            return jsonify(
                {
                    key: {"result": [_candidate(match, names) for match in matches]}
                    for key, matches in zip(records, found, strict=True)
                }
            )
        if "extend" in given:
            return jsonify(extend(site.reader, given["extend"]))
        if request.method == "POST":
            raise ProblemError(400, "Nothing asked", "Send a form with the field queries, or extend.")
        return jsonify(_manifest(str(site.about.name(language())), _class_names(site)))

    @routes.get("/reconcile/suggest/entity")
    def suggest_entity() -> Response:
        """Suggests things whose name begins with the prefix (section 6)."""
        prefix, skip = _prefix_and_cursor()
        found = prefix_candidates(current_index(site).value, prefix, skip, _SUGGESTIONS)
        return jsonify(result=_suggested(site, found))

    @routes.get("/reconcile/suggest/type")
    def suggest_type() -> Response:
        """Suggests classes of things that can be reconciled."""
        prefix, skip = _prefix_and_cursor()
        return jsonify(result=_beginning(_named(_class_names(site)), prefix)[skip : skip + _SUGGESTIONS])

    @routes.get("/reconcile/suggest/property")
    def suggest_property() -> Response:
        """Suggests properties of things that can be reconciled."""
        prefix, skip = _prefix_and_cursor()
        having = {iri for classed in RECONCILED for iri in properties_of(site.reader, classed)}
        return jsonify(result=_beginning(_properties(site.reader, having), prefix)[skip : skip + _SUGGESTIONS])

    @routes.get("/reconcile/properties")
    def propose() -> Response:
        """Property proposals: the properties that things of a class have, for data extension (section 7.2)."""
        classed = request.args.get("type", "")
        chosen = [expanded(classed)] if classed else RECONCILED
        limit = _number("limit", 100)
        having = {iri for each in chosen for iri in properties_of(site.reader, iri_of(each))}
        return jsonify(type=classed, limit=limit, properties=_properties(site.reader, having)[:limit])

    @routes.get("/reconcile/preview")
    def preview() -> Response:
        """The preview of a thing, for an iframe (section 5)."""
        given = request.args.get("id", "")
        index = current_index(site).value
        found = matchable(index, [iri_of(given, str(ID))])
        if not found:
            raise ProblemError(404, "No such thing", "No state, person, organisation, place or instrument has this id.")
        thing = found[0]
        label = labels(site.reader, [thing.thing], language())[thing.thing]
        names = sorted(set(index.names(thing.thing)) - {(label.text, label.language)}, key=lambda n: (n[1], n[0]))
        page = render_template(
            "data/preview.html",
            thing=thing.thing,
            label=label,
            names=names,
            classed=_class_names(site)[thing.class_iri],
        )
        response = make_response(page)
        response.headers["Content-Security-Policy"] = _PREVIEW_POLICY
        return response

    return routes


def _manifest(name: str, names: dict[str, str]) -> dict[str, Any]:
    host = request.host_url.rstrip("/")
    return {
        "versions": ["0.2"],
        "name": name,
        "identifierSpace": str(ID),
        "schemaSpace": str(KEL),
        "documentation": f"{host}/about",
        "logo": f"{host}/static/icon.svg",
        "serviceVersion": version(),
        "defaultTypes": _named(names),
        "view": {"url": f"{host}/id/{{{{id}}}}"},
        "preview": {
            "url": f"{host}/reconcile/preview?id={{{{id}}}}",
            "width": PREVIEW_WIDTH,
            "height": PREVIEW_HEIGHT,
        },
        "suggest": {
            kind: {"service_url": host, "service_path": f"/reconcile/suggest/{kind}"}
            for kind in ("entity", "property", "type")
        },
        "extend": {
            "propose_properties": {"service_url": host, "service_path": "/reconcile/properties"},
            "property_settings": SETTINGS,
        },
        "batchSize": MOST_RECORDS,
    }


def _class_names(site: Site) -> dict[str, str]:
    names = class_names(site.reader, RECONCILED)
    return {iri: names[iri] for iri in RECONCILED}


def _named(names: dict[str, str]) -> list[dict[str, str]]:
    return [{"id": shorten(iri), "name": name} for iri, name in names.items()]


def _properties(reader: Reader, iris: set[str]) -> list[dict[str, str]]:
    named = labels(reader, iris, language())
    found = [{"id": shorten(iri), "name": named[iri].text} for iri in iris]
    return sorted(found, key=lambda each: (each["name"].casefold(), each["id"]))


def _candidate(match: Match, names: dict[str, str]) -> dict[str, Any]:
    candidate = match.candidate
    features: list[dict[str, str | float | bool]] = [{"id": "type_match", "value": match.right_class}]
    if match.name_score is not None:
        features.append({"id": "exact_name", "value": candidate.exact})
        features.append({"id": "name_similarity", "value": match.name_score})
    if match.property_score is not None:
        features.append({"id": "properties_agreeing", "value": round(match.property_score, 3)})
    other = candidate.name if candidate.name != match.label.text else ""
    return {
        "id": candidate.thing.removeprefix(str(ID)),
        "name": match.label.text,
        **({"description": translate("Also: %(name)s") % {"name": other}} if other else {}),
        "type": [{"id": shorten(candidate.class_iri), "name": names[candidate.class_iri]}],
        "score": candidate.score,
        "features": features,
        "match": match.certain,
    }


def _suggested(site: Site, found: list[Candidate]) -> list[dict[str, Any]]:
    names = _class_names(site)
    shown = labels(site.reader, [c.thing for c in found], language())
    return [
        {
            "id": c.thing.removeprefix(str(ID)),
            "name": shown[c.thing].text,
            "description": names[c.class_iri],
            "notable": [{"id": shorten(c.class_iri), "name": names[c.class_iri]}],
        }
        for c in found
    ]


def _beginning(offered: list[dict[str, str]], prefix: str) -> list[dict[str, str]]:
    """The offers of which the identifier, its local name or a word of the name begins with the prefix."""
    start = fold(prefix).strip()
    return [
        each
        for each in offered
        if any(
            fold(part).startswith(start)
            for part in (
                each["id"],
                each["id"].rpartition(":")[2],
                expanded(each["id"]),
                each["name"],
                *each["name"].split(),
            )
        )
    ]


def _prefix_and_cursor() -> tuple[str, int]:
    prefix = request.args.get("prefix", "").strip()
    if len(prefix) > _MOST_PREFIX:
        raise ProblemError(400, "Prefix too long", f"Type at most {_MOST_PREFIX} characters.")
    return prefix, _number("cursor", 0, _MOST_SKIPPED, 0)


def _number(name: str, default: int, most: int = 1_000, least: int = 1) -> int:
    given = request.args.get(name, "")
    if not given:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and least <= int(given) <= most):
        raise ProblemError(400, "Malformed request", f"Give {name} as a whole number from {least} to {most}.")
    return int(given)
