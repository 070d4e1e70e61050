"""Names from ai.google.dev/gemini-api/docs/models."""

import pytest

from proxy.dialects.gemini.model_generation import bare_name, is_before_3, is_pro, never_thinks


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "models/gemini-2.5-pro", "gemini-1.5-pro-002", "gemma-3-27b-it"])
def test_older_models_are_told_by_their_names(model: str) -> None:
    assert is_before_3(model)


@pytest.mark.parametrize(
    "model", ["gemini-3-pro-preview", "gemini-3.5-flash", "gemini-flash-latest", "tunedModels/mine"]
)
def test_a_name_that_says_nothing_is_the_newest(model: str) -> None:
    assert not is_before_3(model)


def test_pro_is_a_word_of_the_name() -> None:
    assert is_pro("models/gemini-3.1-pro-preview")
    assert not is_pro("gemini-3-flash-preview")


def test_a_bare_name_has_no_collection() -> None:
    assert bare_name("publishers/google/models/Gemini-3-Flash") == "gemini-3-flash"


def test_thinking_came_with_2_5() -> None:
    assert never_thinks("gemini-2.0-flash")
    assert not never_thinks("gemini-2.5-flash")
