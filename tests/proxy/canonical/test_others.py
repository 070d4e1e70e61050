"""Parameters without a place of their own: carried, lost or refused, never forgotten."""

import pytest

from proxy.canonical.losses import Losses
from proxy.canonical.others import lose_others
from proxy.refusal import Refusal


def test_what_is_not_carried_is_a_400_that_names_it() -> None:
    with pytest.raises(Refusal) as refused:
        lose_others({"logit_bias": {"1": 2}}, Losses("claude"))
    assert (refused.value.status, refused.value.param) == (400, "logit_bias")


def test_a_route_that_drops_drops_it_but_what_the_target_is_told() -> None:
    losses = Losses("claude", drop=True)
    others = {"logit_bias": {"1": 2}, "truncation": "auto", "tools[0].defer_loading": True}
    lose_others(others, losses, frozenset({"truncation"}))
    assert losses.dropped == ["logit_bias", "tools[0].defer_loading"]


@pytest.mark.parametrize(
    "name", ["previous_response_id", "conversation", "background", "prompt", "item_reference", "tools[3]"]
)
def test_what_would_be_another_request_is_refused_even_where_the_route_drops(name: str) -> None:
    losses = Losses("claude", drop=True)
    with pytest.raises(Refusal) as refused:
        lose_others({name: "x"}, losses)
    assert (refused.value.status, refused.value.code, refused.value.param) == (400, "unsupported_parameter", name)


def test_a_target_that_runs_the_tool_itself_is_told_of_it() -> None:
    losses = Losses("openai")
    lose_others({"tools[0]": {"type": "web_search"}}, losses, frozenset({"tools[0]"}))
    assert losses.dropped == []
