"""Parameters without a place of their own: carried, lost or refused, never forgotten."""

from typing import Any

import pytest

from proxy.canonical.ask import Ask, Tool, ToolChoice
from proxy.canonical.losses import Losses
from proxy.canonical.others import lose_others
from proxy.refusal import Refusal


def asked(others: dict[str, Any], **more: Any) -> Ask:
    return Ask(turns=[], others=others, **more)


def test_what_is_not_carried_is_a_400_that_names_it() -> None:
    with pytest.raises(Refusal) as refused:
        lose_others(asked({"logit_bias": {"1": 2}}), Losses("claude"))
    assert (refused.value.status, refused.value.param) == (400, "logit_bias")


def test_a_route_that_drops_drops_it_but_what_the_target_is_told() -> None:
    losses = Losses("claude", drop=True)
    others = {"logit_bias": {"1": 2}, "truncation": "auto", "tools[0].defer_loading": True}
    lose_others(asked(others), losses, frozenset({"truncation"}))
    assert losses.dropped == ["logit_bias", "tools[0].defer_loading"]


@pytest.mark.parametrize("name", ["previous_response_id", "conversation", "background", "prompt", "item_reference"])
def test_what_would_be_another_request_is_refused_even_where_the_route_drops(name: str) -> None:
    losses = Losses("claude", drop=True)
    with pytest.raises(Refusal) as refused:
        lose_others(asked({name: "x"}), losses)
    assert (refused.value.status, refused.value.code, refused.value.param) == (400, "unsupported_parameter", name)


def test_a_target_that_runs_the_tool_itself_is_told_of_it() -> None:
    losses = Losses("openai")
    lose_others(asked({"tools[0]": {"type": "web_search"}}), losses, frozenset({"tools[0]"}))
    assert losses.dropped == []


def test_an_item_that_another_provider_keeps_is_refused_with_what_helps() -> None:
    with pytest.raises(Refusal, match="store: false"):
        lose_others(asked({"item_reference": {"id": "rs_1"}}), Losses("claude"))


HOSTED = {"tools[1]": {"type": "web_search"}}


@pytest.mark.parametrize(
    "choice", [None, ToolChoice(mode="auto"), ToolChoice(mode="required"), ToolChoice(mode="none")]
)
def test_a_tool_that_another_provider_runs_is_lost(choice: ToolChoice | None) -> None:
    ask = asked(HOSTED, tools=[Tool(name="f")], tool_choice=choice)
    losses = Losses("claude", drop=True)
    lose_others(ask, losses)
    assert losses.dropped == ["tools[1]"]
    with pytest.raises(Refusal) as refused:
        lose_others(ask, Losses("claude"))
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "tools[1]")
    assert "drop_params" in refused.value.message


@pytest.mark.parametrize(
    "ask",
    [
        asked(HOSTED, tool_choice=ToolChoice(mode="required")),
        asked(HOSTED, tools=[Tool(name="f")], tool_choice=ToolChoice(mode="named", name="web_search")),
        asked({**HOSTED, "tool_choice": {"type": "web_search"}}, tools=[Tool(name="f")]),
    ],
)
def test_one_that_must_be_called_is_refused_even_where_the_route_drops(ask: Ask) -> None:
    with pytest.raises(Refusal) as refused:
        lose_others(ask, Losses("claude", drop=True))
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "tool_choice")
