"""``/questions``: the catalogue of competency questions, and a page for each with its current answer."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from flask import Blueprint, render_template

from kg.citations.cited import Citing
from kg.language.collation import key
from kg.language.labels import labels
from kg.publishing.questions import Question, find_question, read_questions
from kg.views.citations import CitedAnswer
from kg.views.footnotes import footnotes
from kg.views.passage_names import passage_names
from kg.workers.messages import Task
from ontology import KelisimError
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.site import Site
from server.pages.filters import Choice, Filters
from server.pages.heads import heads, subject

MOST_ROWS: Final = 500
"""How many rows of an answer a page shows; its files have all of them."""

MOST_BYTES: Final = 2_000_000
"""Larger answers are offered as files only."""


def blueprint(site: Site) -> Blueprint:
    """The catalogue of questions and their pages."""
    routes = Blueprint("questions", __name__)
    questions = read_questions(site.data)
    known = {tag for q in questions for tag in q.tags}

    @routes.get("/questions")
    def catalogue() -> tuple[str, int]:
        """The questions by their first tag, filtered by tag and words."""
        filters, tags = Filters("name"), _choices(known)
        tag, words = filters.choice("tag", translate("Subject"), tags), filters.words()
        found = [] if filters.problems else [q for q in questions if _fits(q, tag, words)]
        by_tag = defaultdict(list)
        for question in found:
            by_tag[tag or question.tags[0]].append(question)
        body = render_template(
            "pages/questions.html",
            filters=filters,
            tags=tags,
            by_tag=[(choice.label, by_tag[choice.value]) for choice in tags if choice.value in by_tag],
            total=len(found),
        )
        return body, 400 if filters.problems else 200

    @routes.get("/questions/<name>")
    def question(name: str) -> str:
        """One question with its answer, its query and downloads; 404 if there is no such question."""
        try:
            chosen = find_question(name, site.data)
        except KelisimError as error:
            raise ProblemError(404, "No such question", str(error)) from error
        return render_template(
            "pages/question.html",
            question=chosen,
            subjects=[(tag, subject(tag)) for tag in chosen.tags],
            **_answer(site, chosen.query),
        )

    return routes


def _choices(tags: Iterable[str]) -> list[Choice]:
    """The tags with their words in the language of the request, in its order."""
    choices = (Choice(tag, tag, subject(tag)) for tag in tags)
    return sorted(choices, key=lambda choice: key(choice.label.text))


def _fits(question: Question, tag: str, words: str) -> bool:
    texts = question.title, *question.titles.values(), question.description, *question.descriptions.values()
    text = " ".join(texts).casefold()
    return (not tag or tag in question.tags) and all(word in text for word in words.casefold().split())


def _answer(site: Site, query: str) -> dict[str, Any]:
    """Template variables of an answer: `variables`, `heads`, `rows`, `total`, `truth`, `names`; or only its `size`."""
    citing = Citing(True, language=language())
    reply = site.store.query(Task(query, bindings="json", graph="ntriples", hinted=True, citing=citing))
    if len(reply.body) > MOST_BYTES:
        return {"size": len(reply.body)}
    cited = CitedAnswer(reply.content, translate)
    results = cited.document
    rows = results.get("results", {}).get("bindings", [])
    shown = rows[:MOST_ROWS]
    iris = {t["value"] for row in shown for t in row.values() if t["type"] == "uri"}
    variables = results["head"].get("vars", [])
    return {
        "variables": variables,
        "heads": heads(site.reader, variables),
        "rows": shown,
        "total": len(rows),
        "truth": results.get("boolean"),
        "hedged": reply.hedged,
        "cited": cited,
        "notes": footnotes(site.reader, [c["claim"] for c in cited.claims[:MOST_ROWS]], language()),
        "names": labels(site.reader, iris, language(), site.prefixes)
        | passage_names(site.reader, iris, language(), translate),
    }
