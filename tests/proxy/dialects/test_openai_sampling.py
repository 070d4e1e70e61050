"""What OpenAI's models that think take of sampling (developers.openai.com/api/docs/guides/latest-model)."""

import pytest

from gatewatch.models.facts import ModelFacts, Thinking
from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_sampling import sampling
from proxy.refusal import Refusal

COOL = Ask(turns=[], temperature=0, top_p=0.9)


def to(model: str, thinking: Thinking | None = "adaptive") -> Destination:
    return Destination(provider="openai", model=model, facts=ModelFacts(thinking=thinking))


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("o3", None),
        ("o4-mini-2025-04-16", "low"),
        ("openai/gpt-5", None),
        ("gpt-5-mini", "minimal"),
        ("gpt-5.1", "high"),
        ("gpt-5.4-pro", "low"),
    ],
)
def test_models_that_think_are_told_none(model: str, effort: str | None) -> None:
    losses = Losses("openai", drop=True)
    assert sampling(COOL, to(model), effort, losses) == {}
    assert losses.dropped == ["temperature", "top_p"]
    with pytest.raises(Refusal) as refused:
        sampling(COOL, to(model), effort, Losses("openai"))
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "temperature")


@pytest.mark.parametrize(
    ("destination", "effort"),
    [
        (to("gpt-4.1", "none"), None),
        (to("gpt-5-chat-latest", "none"), None),
        (to("gpt-5.1"), None),
        (to("gpt-5.1"), "none"),
        (to("deepseek-v4"), "high"),
        (to("gpt-oss-120b"), "high"),
        (to("o3", None), None),
    ],
)
def test_others_are_told_all(destination: Destination, effort: str | None) -> None:
    assert sampling(COOL, destination, effort, Losses("p")) == {"temperature": 0, "top_p": 0.9}


def test_what_is_so_without_being_said_is_no_loss() -> None:
    said = sampling(Ask(turns=[], temperature=1, top_p=1.0), to("o3"), None, Losses("openai"))
    assert said == {"temperature": 1, "top_p": 1.0}
