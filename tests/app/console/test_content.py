"""The boundary: only harmless characters come out of it, and no markup is read. A lint keeps it the only one."""

import ast
import unicodedata
from pathlib import Path

import pytest

from app.console.content import line, lines, mark, plain, status_text
from tests.kit.console_stage import HOSTILE

CONSOLE = Path(__file__).resolve().parents[3] / "app" / "console"
MAKERS = {"plain", "line", "lines", "Content"}
"""What makes content of text safely; `Content` itself only where the text is our own constant."""


def test_markup_is_text() -> None:
    assert plain("[bold]x[/close]").plain == "[bold]x[/close]"
    assert plain("[@click=app.bell]x").spans == []


def test_hostile_text_loses_its_teeth_and_stays_readable() -> None:
    shown = plain(HOSTILE).plain
    assert shown.startswith("␛]52;c;cm0gLXJm␇[/close]")
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")]


def test_what_is_missing_is_a_dash() -> None:
    assert plain(None).plain == "–"
    assert plain(0).plain == "0"


def test_parts_stand_side_by_side_and_rows_under_each_other() -> None:
    shown = lines(line("a ", ("b\n", "bold"), plain("c")), plain("d"))
    assert shown.plain == "a b␊c\nd"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("ok", "● ok"),
        ("cached", "● cached"),
        ("blocked", "▲ blocked"),
        ("truncated", "▲ truncated"),
        ("client_closed", "▲ client closed"),
        ("interrupted", "✗ interrupted"),
        ("error", "✗ error"),
        (None, "✗ unknown"),
    ],
)
def test_a_status_has_a_mark_and_a_word(status: str | None, text: str) -> None:
    assert status_text(status).plain == text
    assert text.startswith(mark(status)[0])


@pytest.mark.parametrize("path", sorted(CONSOLE.rglob("*.py")), ids=lambda path: str(path.relative_to(CONSOLE)))
def test_no_text_reaches_a_widget_but_through_the_boundary(path: Path) -> None:
    problems = [f"{path.name}:{number}: {what}" for number, what in raw_text(path)]
    assert not problems, "\n".join(problems)


def raw_text(path: Path) -> list[tuple[int, str]]:
    """Calls that would put a str before the operator."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        if name in ("DataTable", "Label", "RichLog", "Log", "from_markup", "from_rich_text", "from_text", "Text"):
            if not (path.name == "chart.py" and name == "from_rich_text"):
                found.append((node.lineno, f"{name} is not used here"))
        elif name == "Content" and not (path.name == "content.py" or is_our_own(first)):
            found.append((node.lineno, "Content of text that is not a constant: use plain()"))
        elif name in ("Static", "Still", "Notice") and first is not None and not makes_content(first):
            found.append((node.lineno, f"{name} of a str: use plain()"))
        elif name == "notify" and not is_the_toast(node):
            found.append((node.lineno, "notify without safe() and markup=False: use say()"))
        elif name in ("DiscoveryHit", "Hit") and not any(makes_content(argument) for argument in node.args):
            found.append((node.lineno, f"{name} of a str: use plain()"))
    return found


def is_our_own(node: ast.expr | None) -> bool:
    """A constant, or a conditional or product of constants."""
    if isinstance(node, ast.IfExp):
        return is_our_own(node.body) and is_our_own(node.orelse)
    if isinstance(node, ast.BinOp):
        return is_our_own(node.left) and isinstance(node.right, ast.Constant | ast.Name)
    return node is None or isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper())


def makes_content(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in MAKERS or name.endswith("_text")


def is_the_toast(node: ast.Call) -> bool:
    first = node.args[0]
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    markup = named.get("markup")
    return makes_safe(first) and isinstance(markup, ast.Constant) and markup.value is False


def makes_safe(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "safe"


@pytest.mark.parametrize(
    "source",
    ["Static('x')", "Static(name)", "Static(f'{name}')", "Content(name)", "app.notify(text)", "Label(plain('x'))"],
)
def test_the_lint_finds_what_it_looks_for(source: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(source)
    assert raw_text(tmp_path / "x.py")
