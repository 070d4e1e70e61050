import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.config.document import dump, read_document


def test_plain_scalars_stay_the_text_that_was_typed() -> None:
    document = read_document("a: off\nb: no\nc: 0.1\nd: 012\ne: 1e3\nf: 2026-10-10\ng: true\nh: 12:30\n")
    assert document.tree == {
        "a": "off",
        "b": "no",
        "c": "0.1",
        "d": "012",
        "e": "1e3",
        "f": "2026-10-10",
        "g": "true",
        "h": "12:30",
    }
    assert document.problems == []


@pytest.mark.parametrize("text", ["a: ~", "a: null", "a:", "{a: }"])
def test_null_is_nothing(text: str) -> None:
    assert read_document(text).tree == {"a": None}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_holds_nothing(text: str) -> None:
    document = read_document(text)
    assert (document.tree or None, document.problems) == (None, [])


def test_every_key_and_item_knows_its_line() -> None:
    document = read_document("a:\n  b:\n    - x\n    - y\nc: {d: 1}\n")
    assert document.lines == {
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "b", 0): 3,
        ("a", "b", 1): 4,
        ("c",): 5,
        ("c", "d"): 5,
    }


def test_a_key_that_stands_twice_is_named_with_both_lines() -> None:
    (problem,) = read_document("a: 1\nb: {c: 1,\n    c: 2}\n").problems
    assert (problem.path, problem.line) == (("b", "c"), 3)
    assert "line 2" in problem.allowed


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1\n", 3),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 'x\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: *nobody\n", 1),
        ("a: !!python/object:os.system x\n", 1),
        ("a: 1\nb: !secret x\n", 2),
        ("a: 1\n? [b]\n: 2\n", 2),
        ("%YAML 3.0\n---\na: 1\n", None),
    ],
)
def test_what_is_no_plain_yaml_is_a_problem_with_a_line(text: str, line: int | None) -> None:
    problems = read_document(text).problems
    assert problems
    assert problems[0].line == line or line is None


def test_a_syntax_error_shows_nothing_of_the_file() -> None:
    (problem,) = read_document("api_key: sk-proj-0123456789abcdefghij\n  x: [\n").problems
    assert "sk-proj" not in str(problem)
    (problem,) = read_document("api_key: *sk-proj-0123456789abcdefghij\n").problems
    assert "sk-proj" not in str(problem)


def test_an_anchor_may_be_used_again() -> None:
    document = read_document("a: &x {b: 1}\nc: *x\n")
    assert document.tree == {"a": {"b": "1"}, "c": {"b": "1"}}


@pytest.mark.parametrize(
    "text",
    [
        "b0: &b0 [x, x]\n" + "".join(f"b{i}: &b{i} [*b{i - 1}, *b{i - 1}]\n" for i in range(1, 40)),
        "a: &a\n  b: *a\n",
        "a: &a [*a]\n",
        "[" * 20_000,
        "a: " * 20_000,
        "x" * 1_000_001,
    ],
    ids=["a billion laughs", "a mapping in itself", "a list in itself", "brackets", "nested keys", "a megabyte"],
)
def test_hostile_yaml_ends_as_a_problem(text: str) -> None:
    assert read_document(text).problems


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    read_document(text)


words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
trees = st.recursive(
    words, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4), max_leaves=20
)


@given(st.dictionaries(words, trees, max_size=5))
def test_what_is_written_is_read_back(tree: dict[str, object]) -> None:
    assert read_document(dump(tree)).tree == tree  # type: ignore[arg-type]
