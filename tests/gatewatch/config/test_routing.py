"""What may be written of routing, and what it means where it is left out."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from gatewatch.config.models import Config, Model

SECOND = 1_000_000


def model(**keys: Any) -> Model:
    return Config.model_validate({"models": {"m": {"targets": ["a/b"], **keys}}}).models["m"]


def test_left_out_it_is_what_it_was() -> None:
    plain = model()
    assert (plain.strategy, plain.weights, plain.classes, plain.context_window) == ("order", {}, {}, ())
    assert (plain.workload_class, plain.region, plain.data_class, plain.slo, plain.last_resort) == (None,) * 5
    assert (plain.next_after, plain.patience, plain.hedge_after, plain.max_tokens, plain.max_cost) == (None,) * 5
    assert (plain.stream, plain.cache, plain.prompt_cache, plain.deferred) == (None, None, "off", "on")


def test_a_whole_model() -> None:
    whole = model(
        strategy="latency",
        classes={"code": ["a/c"]},
        workload_class="chat",
        region="eu",
        data_class="restricted",
        next_after="2s",
        slo={"p95": "1500ms", "errors": "0.5%"},
        last_resort={"short_answer": {"target": "a/small"}, "reply": "Please come again later."},
        max_cost="0.25",
        stream={"coalesce": "sentence", "max_wait": "300ms"},
    )
    assert (whole.classes, whole.next_after, whole.max_cost) == ({"code": ("a/c",)}, 2 * SECOND, Decimal("0.25"))
    assert whole.slo is not None
    assert (whole.slo.p95, whole.slo.errors) == (1_500_000, Decimal("0.005"))
    assert whole.last_resort is not None
    assert whole.last_resort.short_answer is not None
    assert whole.last_resort.short_answer.max_tokens == 300


def test_a_service_level_is_two_and_a_half_seconds_and_one_percent() -> None:
    slo = model(slo={}).slo
    assert slo is not None
    assert (slo.p95, slo.errors) == (2_500_000, Decimal("0.01"))


@pytest.mark.parametrize(
    "keys",
    [
        {"patience": "61s"},
        {"strategy": "fastest"}, {"weights": {"a/b": "0"}}, {"classes": {"poetry": ["a/b"]}},
        {"workload_class": "coding"}, {"region": "eu-west-1"}, {"region": ""}, {"region": "*"},
        {"data_class": "secret"}, {"slo": {"p95": "fast"}}, {"slo": {"errors": "1"}}, {"next_after": "soon"},
        {"stream": {"coalesce": "word"}}, {"last_resort": {"short_answer": {}}}, {"hedge": "1s"},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_an_error(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model(**keys)


def test_rules_of_workload_classes() -> None:
    rules = [{"workload": "code", "when": {"tools": "true", "model": "gpt-*"}}, {"workload": "summary", "when": {}}]
    first, second = Config.model_validate({"workloads": rules}).workloads
    assert (first.workload, first.when.tools, first.when.model, first.when.structured) == ("code", True, "gpt-*", None)
    assert set(second.when.model_dump().values()) == {None}
    for wrong in (
        {"workload": "poetry", "when": {}},
        {"workload": "code"},
        {"workload": "code", "when": {"words": "x"}},
    ):
        with pytest.raises(ValidationError):
            Config.model_validate({"workloads": [wrong]})


def test_a_provider_says_how_much_it_may_see() -> None:
    provider = {"preset": "openai", "data_class": "confidential"}
    assert Config.model_validate({"providers": {"o": provider}}).providers["o"].data_class == "confidential"
