"""What is told of routing arrives as it was told, through the pipe to a worker."""

import msgspec

from proxy.routing import (
    Breaking,
    CacheRule,
    Condition,
    RouteOverride,
    Routing,
    ShortAnswer,
    Target,
    WorkloadRule,
)


def test_a_target_is_named_as_the_configuration_writes_it() -> None:
    assert (
        Target(provider="aws", model="arn:aws:bedrock:eu-west-1:1:model/x").name
        == "aws/arn:aws:bedrock:eu-west-1:1:model/x"
    )


def test_targets_with_other_weights_are_others() -> None:
    """Turns by weight are kept by target: a new weight begins anew."""
    assert Target(provider="a", model="m", weight=2) != Target(provider="a", model="m")
    assert {Target(provider="a", model="m"), Target(provider="a", model="m")} == {Target(provider="a", model="m")}


def test_all_of_it_passes_as_json() -> None:
    routing = Routing(
        tries=3,
        breaking=Breaking(failures=2, pause=1.5),
        workloads=(WorkloadRule(workload="code", when=Condition(tools=True, model="gpt-*")),),
        overrides=(
            RouteOverride(kind="canary", id="canary:r", route="r", target="a/m", share=250, teams=("search",)),
            RouteOverride(kind="drain", id="drain:a", target="a"),
        ),
    )
    assert msgspec.json.decode(msgspec.json.encode(routing), type=Routing) == routing
    for struct in (
        ShortAnswer(target=Target(provider="a", model="m"), max_tokens=5, hint="Short."),
        CacheRule(ttl=1.5),
    ):
        assert msgspec.json.decode(msgspec.json.encode(struct), type=type(struct)) == struct
