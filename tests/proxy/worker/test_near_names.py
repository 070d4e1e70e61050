"""Who mistypes a name is told the one that was meant."""

import pytest

from proxy.worker.near_names import CLOSE, NearNames, close_to

NAMES = ("chat", "claude-sonnet-4-5", "claude-opus-4-5", "gpt-4o", "gpt-4o-mini", "gemini-2.5-pro", "zai-org/GLM-5")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("claude-sonet-4-5", "claude-sonnet-4-5"),
        ("Claude-Opus-4-5", "claude-opus-4-5"),
        ("gpt4o-mini", "gpt-4o-mini"),
        ("gemini-2.5-prro", "gemini-2.5-pro"),
        ("opnai/gpt-4o", "gpt-4o"),
        ("zai-org/glm-5", "zai-org/GLM-5"),
        ("chatt", "chat"),
    ],
)
def test_the_name_that_was_meant_comes_first(typed: str, meant: str) -> None:
    assert NearNames(NAMES).of(typed)[0] == meant
    assert close_to(typed, NAMES)[0] == meant


@pytest.mark.parametrize("typed", ["nothing-like-it", "", "-", "é" * 300, "x" * 100_000])
def test_what_looks_like_nothing_is_told_nothing(typed: str) -> None:
    assert NearNames(NAMES).of(typed) == []


def test_no_more_than_a_few_are_told() -> None:
    assert len(NearNames(f"claude-sonnet-4-{n}" for n in range(50)).of("claude-sonnet-4")) == CLOSE
