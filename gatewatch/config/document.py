"""YAML 1.2 text → a tree of texts, and the line of every key.

Keeps true: a plain scalar stays the text that was typed, so money is never a float and `off` and `no` are words; null
alone is None. Nothing is constructed, no tag is obeyed, a key stands once. Aliases are followed within a bound.
"""

from dataclasses import dataclass, field
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gatewatch.config.problems import KeyPath, Problem
from gatewatch.redact import redact
from gatewatch.safe_text import safe

MAX_CHARACTERS = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 50

Tree = dict[str, "Tree"] | list["Tree"] | str | None

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_TAG + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq"))


@dataclass
class Document:
    """What a file says."""

    tree: Tree = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_document(text: str) -> Document:
    """Never raises for what the text holds: what is wrong with it is in `problems`."""
    document = Document()
    if len(text) > MAX_CHARACTERS:
        document.problems.append(Problem((), f"{len(text)} characters", f"at most {MAX_CHARACTERS}", 1))
        return document
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = safe(redact(error.problem or "something unexpected"), 120)
        document.problems.append(Problem((), said, "YAML 1.2, one document", mark.line + 1 if mark else None))
        return document
    except (YAMLError, ValueError, RecursionError) as error:
        document.problems.append(Problem((), f"no YAML ({type(error).__name__})", "YAML 1.2 in UTF-8"))
        return document
    if root is not None:
        document.tree = _Reading(document).tree(root, ())
    return document


class _Reading:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._nodes = 0

    def tree(self, node: Node, path: KeyPath) -> Tree:
        self._nodes += 1
        line: int = node.start_mark.line + 1
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            if self._nodes <= MAX_NODES + 1:
                self._problem(path, "too much, or an alias that holds itself", f"{MAX_NODES} values", line)
            self._nodes = MAX_NODES + 1
            return None
        if str(node.tag) not in _PLAIN_TAGS:
            self._problem(path, f"the tag {safe(node.tag, 60)}", "values without tags", line)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return None if node.tag == _TAG + "null" else str(node.value)

    def _mapping(self, node: MappingNode, path: KeyPath) -> Tree:
        read: dict[str, Tree] = {}
        for key, value in node.value:
            line: int = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self._problem(path, "a key that is no text", "a word as the key", line)
                continue
            name = str(key.value)
            if name in read:
                first = self._document.lines[(*path, name)]
                self._problem((*path, name), "this key again", f"it once: it already stands on line {first}", line)
                continue
            self._document.lines[(*path, name)] = line
            read[name] = self.tree(value, (*path, name))
        return read

    def _item(self, node: Node, path: KeyPath) -> Tree:
        self._document.lines[path] = node.start_mark.line + 1
        return self.tree(node, path)

    def _problem(self, path: KeyPath, found: str, allowed: str, line: int) -> None:
        self._document.problems.append(Problem(path, found, allowed, line))


def dump(tree: Tree) -> str:
    """A tree as YAML text that `read_document` reads back the same."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    text = StringIO()
    yaml.dump(tree, text)
    return text.getvalue()
