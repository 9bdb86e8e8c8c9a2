"""Validates a few nodes of a graph, in time that depends on these nodes only.

A validation of all (`shapes.validation.validate`) reads all shapes and looks for the targets of each, which takes some
25 ms whatever is in the graph. Here the shapes are read once in a process, and those that target a node are looked up
by its classes and properties (SHACL 2.1.3). The option ``focus_nodes`` of pySHACL would not do: with it, shapes that
others refer to are not applied to values outside of those nodes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from pyshacl import Shape, ShapesGraph, Validator
from pyshacl.errors import ReportableRuntimeError
from pyshacl.pytypes import SHACLExecutor
from rdflib import RDF, RDFS, SH, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from shapes.report import Report
from shapes.validation import ValidationError, parsed_shapes

_BY_LIST: Final = (SH["or"], SH["and"], SH.xone)
_BY_NODE: Final = (SH.property, SH.node, SH["not"], SH.qualifiedValueShape)
_TARGETS: Final = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
_COMPARED: Final = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)


class Conformance:
    """The shapes for data, by what they target.

    read_of_values: the properties that shapes read of a node because another refers to it: if others of its properties
    change, whether those nodes conform stays the same. of_objects: the properties whose objects are targets.
    """

    def __init__(self, shapes: Graph) -> None:
        self._executor = SHACLExecutor()
        self._targeting: dict[tuple[URIRef | None, Node], list[Shape]] = defaultdict(list)
        self._shapes = ShapesGraph(shapes)
        for shape in self._shapes.shapes:
            nodes, classes, implicit, objects_of, subjects_of = map(set, shape.target())
            for kind, targets in (
                (None, nodes),
                (RDF.type, classes | implicit),
                (SH.targetObjectsOf, objects_of),
                (SH.targetSubjectsOf, subjects_of),
            ):
                for target in targets:
                    self._targeting[kind, target].append(shape)
        self.of_objects = frozenset(target for kind, target in self._targeting if kind == SH.targetObjectsOf)
        self.read_of_values = frozenset(_read_of_values(shapes))

    def report(self, graph: Graph, focus: Iterable[str]) -> Report:
        """The report on the nodes, of those that the shapes target; `graph` is as for `validate`.

        Raises `ValidationError` as that does.
        """
        nodes: dict[Shape, list[URIRef]] = defaultdict(list)
        for node in map(URIRef, focus):
            for shape in self._shapes_of(graph, node):
                nodes[shape].append(node)
        try:
            found = [shape.validate(self._executor, graph, focus=few) for shape, few in nodes.items()]
        except ReportableRuntimeError as error:
            raise ValidationError(f"The data cannot be validated: {error.message}") from error
        if all(conforms for conforms, _ in found):
            return _conforming()
        results = [result for _, several in found for result in several]
        described, _ = Validator.create_validation_report(self._shapes, False, results)
        return Report.from_graph(conforms=False, graph=described)

    def _shapes_of(self, graph: Graph, node: URIRef) -> Iterator[Shape]:
        classes = {
            c for given in graph.objects(node, RDF.type) for c in graph.transitive_objects(given, RDFS.subClassOf)
        }
        keys: set[tuple[URIRef | None, Node]] = {(None, node)}
        keys |= {(RDF.type, each) for each in classes if each is not None}
        keys |= {(SH.targetSubjectsOf, each) for each in graph.predicates(node)}
        keys |= {(SH.targetObjectsOf, each) for each in self.of_objects if (None, each, node) in graph}
        return iter(dict.fromkeys(shape for key in keys for shape in self._targeting.get(key, ())))


@cache
def _conforming() -> Report:
    return Report.from_graph(conforms=True, graph=Graph())


@cache
def conformance() -> Conformance:
    """That of the shapes for data; made once in a process."""
    return Conformance(parsed_shapes())


def _read_of_values(shapes: Graph) -> set[URIRef]:
    """The properties that shapes read of a value of a property, at any distance (SHACL 2.3.1, 4)."""
    if shapes.value(None, SH.inversePath) or shapes.value(None, SH.closed):
        raise NotImplementedError("Shapes with inverse paths or sh:closed need more nodes to be validated.")
    found, seen = set[URIRef](), set[tuple[Node, bool]]()
    agenda: list[tuple[Node, bool]] = [(shape, False) for target in _TARGETS for shape in shapes.subjects(target)]
    while agenda:
        shape, of_value = agenda.pop()
        if (shape, of_value) in seen:
            continue
        seen.add((shape, of_value))
        path = shapes.value(shape, SH.path)
        steps = _steps(shapes, path)
        is_first = isinstance(path, URIRef) or (path, SH.alternativePath, None) in shapes
        if of_value or not is_first:
            found |= {step for step in (*steps, *_objects(shapes, shape, _COMPARED)) if isinstance(step, URIRef)}
        of_value = of_value or path is not None
        if of_value and (shape, SH["class"], None) in shapes:
            found |= {RDF.type, RDFS.subClassOf}
        lists = _objects(shapes, shape, _BY_LIST)
        listed = [member for each in lists for member in Collection(shapes, each)]
        agenda += [(other, of_value) for other in (*_objects(shapes, shape, _BY_NODE), *listed)]
    return found


def _steps(shapes: Graph, path: Node | None) -> set[Node]:
    """The properties of a path."""
    if not isinstance(path, BNode):
        return {path} if path else set()
    return {step for part in shapes.objects(path) for step in _steps(shapes, part) if step != RDF.nil}


def _objects(shapes: Graph, shape: Node, properties: Iterable[URIRef]) -> list[Node]:
    return [value for each in properties for value in shapes.objects(shape, each)]
