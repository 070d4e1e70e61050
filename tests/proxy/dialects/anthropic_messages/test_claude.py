"""What each Claude takes, by Anthropic's release notes and migration guides."""

import pytest

from proxy.dialects.anthropic_messages.claude import UNKNOWN, Claude, claude


@pytest.mark.parametrize(
    ("model", "thinking", "usual_output"),
    [
        ("claude-3-opus-20240229", "none", 4096),
        ("claude-3-haiku-20240307", "none", 4096),
        ("claude-3-5-sonnet-20241022", "none", 8192),
        ("claude-3-5-haiku-latest", "none", 8192),
        ("anthropic/claude-3.5-sonnet", "none", 8192),
        ("claude-3-7-sonnet-20250219", "budget", 32000),
        ("claude-opus-4-20250514", "budget", 32000),
        ("claude-opus-4-1-20250805", "budget", 32000),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "budget", 32000),
        ("claude-haiku-4-5@20251001", "budget", 32000),
        ("claude-opus-4-6", "adaptive", 32000),
        ("anthropic/claude-sonnet-4.6", "adaptive", 32000),
        ("claude-opus-4-8", "adaptive", 32000),
        ("claude-opus-5", "adaptive", 32000),
        ("claude-haiku-5-5", "adaptive", 32000),
        ("claude-mythos-preview", "adaptive", 32000),
    ],
)
def test_thinking_by_generation(model: str, thinking: str, usual_output: int) -> None:
    known = claude(model)
    assert (known.thinking, known.usual_output) == (thinking, usual_output)


@pytest.mark.parametrize(
    ("model", "sampling", "one"),
    [
        ("claude-opus-4-20250514", True, False),
        ("claude-opus-4-1-20250805", True, True),
        ("claude-sonnet-4-6", True, True),
        ("claude-opus-4-7", False, False),
        ("claude-sonnet-5", False, False),
    ],
)
def test_sampling_parameters_went_with_4_7(model: str, sampling: bool, one: bool) -> None:
    assert (claude(model).sampling, claude(model).one_of_sampling) == (sampling, one)


@pytest.mark.parametrize(
    ("model", "unasked", "off"),
    [
        ("claude-opus-4-8", False, "disabled"),
        ("claude-opus-5", True, "disabled"),
        ("claude-opus-5-5", True, None),
        ("claude-sonnet-5-5", True, "between_tools"),
        ("claude-haiku-5-5", True, "disabled"),
        ("claude-fable-5", True, None),
        ("claude-mythos-5-1", True, None),
    ],
)
def test_how_thinking_is_turned_off(model: str, unasked: bool, off: str | None) -> None:
    assert (claude(model).thinks_unasked, claude(model).off) == (unasked, off)


@pytest.mark.parametrize(
    ("model", "forced"),
    [
        ("claude-opus-5", True),
        ("claude-opus-5-5", False),
        ("claude-fable-5", True),
        ("claude-fable-5-1", False),
        ("claude-sonnet-5-5", True),
    ],
)
def test_which_can_be_forced_to_call_a_tool(model: str, forced: bool) -> None:
    assert claude(model).forced_tools is forced


@pytest.mark.parametrize(
    ("model", "late"),
    [
        ("claude-opus-4-7", False),
        ("claude-opus-4-8", True),
        ("claude-sonnet-5", False),
        ("claude-sonnet-5-5", True),
        ("claude-fable-5", True),
    ],
)
def test_which_takes_instructions_after_the_first_turn(model: str, late: bool) -> None:
    assert claude(model).late_system is late


@pytest.mark.parametrize("model", ["kimi-k3", "deepseek-chat", "glm-5", "claude", "claude-sonnet-latest", ""])
def test_what_is_not_known_is_taken_for_the_newest_api_and_nothing_is_held_back(model: str) -> None:
    assert claude(model) == UNKNOWN == Claude()
    assert UNKNOWN.sampling
    assert UNKNOWN.forced_tools
