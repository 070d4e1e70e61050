import pytest

from benchmarks.publish import marks, published
from benchmarks.versions import ROOT

BEGIN, END = marks("gateway")


def test_tables_replace_what_stood_between_the_marks_and_nothing_else() -> None:
    assert published(f"a\n{BEGIN}old\n{END}b\n", "gateway", "new\n") == f"a\n{BEGIN}\nnew\n\n{END}b\n"


def test_publishing_twice_changes_nothing() -> None:
    once = published(f"{BEGIN}{END}", "gateway", "new\n")
    assert published(once, "gateway", "new\n") == once


@pytest.mark.parametrize("page", ["", BEGIN, END])
def test_a_page_without_the_marks_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="gateway"):
        published(page, "gateway", "new")


def test_our_page_has_the_marks() -> None:
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert published(page, "gateway", "x\n")
