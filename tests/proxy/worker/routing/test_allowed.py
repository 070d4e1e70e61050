"""What a call must keep to: said by route, key and caller, and held against every target."""

from typing import Any

import pytest

from gatewatch.call import Call
from proxy.refusal import Refusal
from proxy.routing import Target
from proxy.worker.routing.allowed import (
    bind,
    check_own_region,
    data_class_said,
    none_allowed,
    objection,
    region_said,
)
from tests.kit.planning import A, provider


def call(region: str | None = None, data_class: str | None = None) -> Call:
    return Call(call_id="c", started_at=1, region=region, data_class=data_class)


def test_what_the_caller_says() -> None:
    assert region_said({}) is None
    assert region_said({b"x-gatewatch-region": b" EU "}) == "eu"
    assert data_class_said({}) is None
    assert data_class_said({b"x-gatewatch-data-class": b"Confidential"}) == "confidential"


@pytest.mark.parametrize("said", [b"", b"eu,us", b"eu-west-1", b"*", b"x" * 21, b"\xff", b"e", b"global"])
def test_a_region_that_is_none_is_an_error(said: bytes) -> None:
    with pytest.raises(Refusal) as told:
        region_said({b"x-gatewatch-region": said})
    assert (told.value.status, told.value.code) == (400, "invalid_region")


def test_a_data_class_that_is_none_is_an_error_that_names_them() -> None:
    with pytest.raises(Refusal) as told:
        data_class_said({b"x-gatewatch-data-class": b"secret"})
    assert (told.value.status, told.value.code) == (400, "invalid_data_class")
    assert "public, internal, confidential, restricted" in told.value.message


def test_of_several_regions_all_hold_and_of_several_classes_the_most_sensitive() -> None:
    bound = call()
    bind(bound, ("eu", None, "eu"), ("internal", "confidential", None))
    assert (bound.region, bound.data_class) == ("eu", "confidential")
    bind(bound, ("eu", "us"), (None,))
    assert (bound.region, bound.data_class) == ("eu+us", None)
    for region in ("eu-west-1", "us-east-1", None):
        assert objection(bound, provider("a", region=region), A), "nothing lies in both"


@pytest.mark.parametrize(
    ("stated", "model", "asked", "may"),
    [
        ({}, "m", {}, True),
        ({"region": "eu-west-1"}, "m", {"region": "eu"}, True),
        ({"region": "us-east-1"}, "m", {"region": "eu"}, False),
        ({}, "m", {"region": "eu"}, False),
        ({"region": "eu-west-1"}, "global.anthropic.claude", {"region": "eu"}, False),
        ({"region": "eu-west-1"}, "us.anthropic.claude", {"region": "us"}, False),
        ({"region": "global"}, "gemini-2.5-pro", {"region": "eu"}, False),
        ({}, "m", {"data_class": "public"}, True),
        ({}, "m", {"data_class": "internal"}, False),
        ({"data_class": "confidential"}, "m", {"data_class": "internal"}, True),
        ({"data_class": "confidential"}, "m", {"data_class": "restricted"}, False),
        ({"data_class": "restricted"}, "m", {"data_class": "restricted", "region": "eu"}, False),
    ],
)
def test_which_targets_fit(stated: dict[str, Any], model: str, asked: dict[str, str], may: bool) -> None:
    why = objection(call(**asked), provider("a", **stated), Target(provider="a", model=model))
    assert (why is None) is may


def test_the_caller_is_told_what_was_asked_for_and_never_the_targets() -> None:
    refusal = none_allowed(call("eu", "confidential"), [("secret-provider/m", "not in the region eu")])
    assert (refusal.status, refusal.code) == (403, "no_target_allowed")
    assert "region eu" in refusal.message
    assert "confidential" in refusal.message
    assert "secret-provider" not in refusal.openai_body().decode()
    assert (b"x-should-retry", b"false") in refusal.headers
    assert refusal.reason == "secret-provider/m: not in the region eu", "which the row says"


@pytest.mark.parametrize("geo", ["us", "global", 5, "nowhere"])
def test_a_request_that_asks_to_be_answered_elsewhere_is_refused(geo: object) -> None:
    with pytest.raises(Refusal) as told:
        check_own_region(call("eu"), {"inference_geo": geo})
    assert (told.value.code, told.value.param) == ("no_target_allowed", "inference_geo")


@pytest.mark.parametrize("param", ["models", "fallbacks"])
def test_a_request_names_no_further_models_that_are_answered_elsewhere(param: str) -> None:
    with pytest.raises(Refusal) as told:
        check_own_region(call("eu"), {param: ["gpt-4o", "bedrock/us.anthropic.claude-3-haiku"]})
    assert (told.value.code, told.value.param) == ("no_target_allowed", param)
    check_own_region(call("eu"), {param: ["gpt-4o", "bedrock/eu.anthropic.claude-3-haiku"]})
    check_own_region(call(), {param: ["bedrock/us.anthropic.claude-3-haiku"]})


def test_a_request_may_say_where_it_is_to_be_answered_if_it_is_there() -> None:
    check_own_region(call("us"), {"inference_geo": "us"})
    check_own_region(call(), {"inference_geo": "global"})
    check_own_region(call("eu"), {})
