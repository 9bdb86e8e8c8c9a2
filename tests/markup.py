"""Parsed pages, for tests of their structure."""

import re
from html.parser import HTMLParser
from urllib.parse import quote
from xml.etree.ElementTree import Element, TreeBuilder

from tests.http import BROWSER, send

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Builder(HTMLParser):
    """Builds an element tree; fails on elements that are not properly nested."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = TreeBuilder()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tree.start(tag, {name: value or "" for name, value in attrs})
        if tag in _VOID:
            self.tree.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing at {self.getpos()}"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}> at {self.getpos()}"
        self.tree.end(self.open.pop())

    def handle_data(self, data: str) -> None:
        if self.open:
            self.tree.data(data)


def page(url: str, status: int = 200) -> Element:
    """The parsed page at a URL, in English, as a browser requests it; checks the status."""
    found, headers, body = send(quote(url, safe=":/?&=%-+"), headers={"Accept": BROWSER, "Accept-Language": "en"})
    assert found == status, body.decode()[:500]
    assert headers.get_content_type() == "text/html"
    builder = _Builder()
    builder.feed(body.decode())
    builder.close()
    assert not builder.open
    root = builder.tree.close()
    assert len(list(root.iter("h1"))) == 1
    assert words(root.find(".//title")).endswith("· " + words(root.find(".//a[@class='brand']")))
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids)), "an id stands twice"
    return root


def words(element: Element | None) -> str:
    """The text in an element, with single spaces."""
    assert element is not None
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def main(root: Element) -> str:
    """The text of the page's main element."""
    return words(root.find(".//main"))


def section(root: Element, heading: str) -> list[Element]:
    """The elements after the heading with that id, up to the next heading of the same or a higher level."""
    parents = {child: parent for parent in root.iter() for child in parent}
    head = next(e for e in root.iter() if e.get("id") == heading)
    siblings = list(parents[head])
    after = siblings[siblings.index(head) + 1 :]
    ends = {f"h{level}" for level in range(1, int(head.tag[1]) + 1)}
    stop = next((i for i, e in enumerate(after) if e.tag in ends), len(after))
    return after[:stop]


def links(elements: list[Element]) -> set[str]:
    """The targets of the links in some elements, without those to footnotes."""
    return {a.get("href", "") for e in elements for a in e.iter("a") if not a.get("href", "").startswith("#")}


def notes(root: Element, element: Element) -> list[str]:
    """The footnotes that an element refers to, as text; fails if one does not exist."""
    by_id = {li.get("id"): words(li) for li in root.iter("li") if li.get("id", "").startswith("note-")}
    return [by_id[href[1:]] for a in element.iter("a") if (href := a.get("href", "")).startswith("#note-")]


def row(elements: list[Element], name: str) -> Element:
    """The row of a table whose first cell contains the name."""
    return next(tr for e in elements for tr in e.iter("tr") if len(tr) and name in words(tr[0]))
