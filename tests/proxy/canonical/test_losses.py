"""What a target cannot be told: a 400 that names it, or a header that does."""

import pytest

from proxy.canonical.losses import Losses
from proxy.refusal import Refusal


def test_a_lost_parameter_is_a_400_under_the_callers_own_name() -> None:
    losses = Losses("claude", names={"max_output": "max_completion_tokens"})
    with pytest.raises(Refusal) as refused:
        losses.lose("max_output", "it is odd")
    assert (refused.value.status, refused.value.code) == (400, "unsupported_parameter")
    assert refused.value.param == "max_completion_tokens"
    assert "'claude'" in refused.value.message
    assert "it is odd" in refused.value.message
    assert "drop_params: true" in refused.value.message, "a way out that works"
    assert losses.dropped == []


def test_a_route_that_drops_collects_each_once() -> None:
    losses = Losses("claude", drop=True, names={"stop": "stop_sequences"})
    for name in ("stop", "seed", "stop"):
        losses.lose(name)
    assert losses.dropped == ["stop_sequences", "seed"]


def test_what_would_be_another_request_is_never_dropped() -> None:
    with pytest.raises(Refusal) as refused:
        Losses("claude", drop=True).refuse("previous_response_id")
    assert refused.value.param == "previous_response_id"
    assert "drop_params" not in refused.value.message, "that would not help"


def test_names_that_callers_make_up_stay_few_and_short() -> None:
    losses = Losses("claude", drop=True)
    for number in range(1000):
        losses.lose(f"{number:04d}{'x' * 100_000}")
    assert sum(map(len, losses.dropped)) <= 50 * 100
    with pytest.raises(Refusal) as refused:
        Losses("claude").lose("x" * 100_000)
    assert len(refused.value.message) < 500
