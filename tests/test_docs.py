"""What the pages for people name exists: files, commands, things to make, and the public face."""

import re
from pathlib import Path

import pytest

import gatewatch
from app.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    path.relative_to(ROOT)
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
]


def code_of(page: Path) -> list[str]:
    """What stands in backticks or is indented or fenced as code, line by line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    fenced = re.findall(r"(?ms)^```\w*\n(.*?)^```", text)
    indented = re.findall(r"(?m)^    (.+)$", text)
    inline = re.findall(r"`([^`\n]+)`", text)
    return [line for block in [*fenced, *indented, *inline] for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_link_leads_to_a_file_that_exists(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", (ROOT / page).read_text(encoding="utf-8")):
        if "://" not in target:
            assert (ROOT / page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_command_that_is_named_can_be_run(page: Path) -> None:
    for line in code_of(page):
        for name in re.findall(r"(?:^|[ /$(])gatewatch ([a-z]+)", line):
            assert name in COMMANDS, line


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_is_to_be_made_can_be_made(page: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for line in code_of(page):
        for name in re.findall(r"^(?:\w+=\S+ )*make (?:\w+=\S+ )*([a-z]+)", line):
            assert name in targets, line


def test_the_public_face_is_this_list() -> None:
    assert gatewatch.__all__ == ["__version__"]
    assert all(hasattr(gatewatch, name) for name in gatewatch.__all__)
