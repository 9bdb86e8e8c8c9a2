"""Prints why a triple is in the graph: a tree of claims and rules."""

from rich.text import Text
from rich.tree import Tree

from kg.inference.explanation import Step
from kg.language.messages import Translate, gettext_noop
from kg.views.footnotes import Footnote
from kg.views.why import ABSENCES, RULES, Why

NOT_HERE = gettext_noop("The graph does not hold it. What is not told is not said to be false.")
HEDGED = gettext_noop("It is not in the default graph: it is told with less certainty.")


def render(why: Why, translate: Translate = str) -> Tree:
    """The tree for rich."""
    tree = Tree(Text(" · ".join(why.word(str(term)) for term in why.triple), style="bold"))
    if not why.found:
        tree.add(Text(translate(NOT_HERE)))
    elif not why.explanation.held:
        tree.add(Text(translate(HEDGED)))
    for note in why.records(why.explanation.claims):
        tree.add(_claim(note))
    for step in why.explanation.steps:
        if not why.explanation.claims:
            _reason(tree, why, step, translate)
    return tree


def _reason(tree: Tree, why: Why, step: Step, translate: Translate) -> None:
    """Adds why a step holds: its claims, where it is stated, and the ways in which it follows."""
    for note in why.records(step.claims):
        tree.add(_claim(note))
    if step.stated:
        tree.add(Text(translate(why.origin(step)), style="dim"))
    for way in step.ways:
        branch = tree.add(Text(f"{translate(RULES.get(way.rule, way.rule))} ({way.rule})", style="italic"))
        for premise in why.premises(way):
            words = (why.word(t) for t in (premise.subject, premise.predicate, premise.object))
            _reason(branch.add(Text(" · ".join(words))), why, premise, translate)
        if way.absent and way.rule in ABSENCES:
            branch.add(Text(translate(ABSENCES[way.rule]), style="dim"))
    if step.more:
        tree.add(Text(translate("It follows in other ways too."), style="dim"))


def _claim(note: Footnote) -> Text:
    place = f"{note.article_label} §{note.paragraph}" if note.paragraph else str(note.article_label)
    parts = [str(note.speaker_label), place, str(note.modality_label), note.claim.rpartition("/")[2]]
    return Text(f"“{note.gloss}” ", style="cyan").append(" · ".join(p for p in parts if p), style="default")
