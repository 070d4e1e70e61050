"""platform.claude.com/docs: whats-new-claude-4-6, -4-7, -4-8 and the migration guides."""

import pytest

from proxy.sandbox.claude_generation import generation


@pytest.mark.parametrize(
    ("model", "family", "version"),
    [
        ("claude-opus-4-8-20260528", "opus", (4, 8)),
        ("claude-sonnet-4-5-20250929", "sonnet", (4, 5)),
        ("claude-opus-4-20250514", "opus", (4, 0)),
        ("claude-3-5-haiku-latest", "haiku", (3, 5)),
        ("claude-3-opus-20240229", "opus", (3, 0)),
        ("claude-sonnet-5", "sonnet", (5, 0)),
        ("claude-fable-5-2", "fable", (5, 2)),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "haiku", (4, 5)),
        ("claude-mythos-preview", "mythos", (4, 7)),
        ("fault-429", None, None),
    ],
)
def test_a_name_tells_the_generation(model: str, family: str | None, version: tuple[int, int] | None) -> None:
    assert generation(model) == (family, version)


def test_thinking_changed_its_form_from_4_6_to_4_7() -> None:
    takes = {
        model: (generation(model).takes_budgets, generation(model).takes_adaptive_thinking)
        for model in ("claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-4-7", "claude-sonnet-5")
    }
    assert list(takes.values()) == [(True, False), (True, True), (False, True), (False, True)]


def test_newer_models_refuse_what_older_ones_took() -> None:
    old, new = generation("claude-sonnet-4-5"), generation("claude-opus-4-8")
    assert (old.takes_sampling, old.takes_prefill, old.shows_thinking, old.takes_system_turns) == (
        True,
        True,
        True,
        False,
    )
    assert (new.takes_sampling, new.takes_prefill, new.shows_thinking, new.takes_system_turns) == (
        False,
        False,
        False,
        True,
    )


def test_efforts_grew() -> None:
    assert generation("claude-sonnet-4-5").efforts == ()
    assert generation("claude-opus-4-5").efforts == ("low", "medium", "high")
    assert "xhigh" not in generation("claude-opus-4-6").efforts
    assert generation("claude-opus-4-7").efforts == ("low", "medium", "high", "xhigh", "max")


def test_a_name_that_says_nothing_takes_everything() -> None:
    unknown = generation("some-model")
    assert (unknown.takes_budgets, unknown.takes_adaptive_thinking, unknown.takes_sampling) == (True, True, True)
    assert (unknown.takes_prefill, unknown.takes_system_turns, "xhigh" in unknown.efforts) == (True, True, True)
