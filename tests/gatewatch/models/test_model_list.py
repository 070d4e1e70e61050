"""Lists of models are files that come back as they were written."""

from pathlib import Path

import pytest

from gatewatch.models.facts import ModelFacts
from gatewatch.models.model_list import BASE, ListedModel, read_list, write_lists

ONE = ListedModel(model="o3", facts=ModelFacts(context_window=200_000, thinking="adaptive"), source="by hand")
OTHER = ListedModel(model="o1", retired=True, source="by hand")


def test_a_list_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_lists(tmp_path, {"openai": [OTHER, ONE]})
    assert read_list("openai", tmp_path) == [OTHER, ONE]


def test_a_list_that_is_no_more_goes_and_one_that_never_was_is_empty(tmp_path: Path) -> None:
    write_lists(tmp_path, {"openai": [ONE], "gone": [OTHER]})
    write_lists(tmp_path, {"openai": [ONE]})
    assert [path.name for path in tmp_path.iterdir()] == ["openai.jsonl"]
    assert read_list("gone", tmp_path) == []


def test_a_list_with_a_field_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"model":"m","facts":{"context":1}}\n')
    with pytest.raises(ValueError, match="context"):
        read_list("x", tmp_path)


def test_the_lists_that_are_shipped_are_small_sorted_and_say_where_they_are_from() -> None:
    files = sorted(BASE.glob("*.jsonl"))
    assert sum(path.stat().st_size for path in files) < 600_000
    for path in files:
        models = read_list(path.stem)
        names = [model.model for model in models]
        assert names == sorted(set(names)), path
        assert all(model.source for model in models), path
