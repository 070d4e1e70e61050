"""What is known of a call while it is planned."""

from gatewatch.routing.workload_class import WorkloadClass
from proxy.routing import Target
from proxy.worker.routing.asked import Asked
from tests.kit.planning import HELLO, A, B, C, Planning, asked, provider, route


def looking(planning: Planning, body: dict[str, object], endpoint: str = "chat") -> Asked:
    settings = planning._settings(planning.router._settings.routing)
    return Asked(asked(body=body, endpoint=endpoint), route(A, B, classes={"code": (C,)}), settings, planning.meter)


def test_a_class_with_targets_of_its_own_has_those_and_no_others(planning: Planning) -> None:
    found = looking(planning, {})
    named: dict[WorkloadClass | None, list[Target]] = {}
    for workload in (None, "code", "summary"):
        found.workload_class = workload
        named[found.workload_class] = list(found.targets)
    assert named == {None: [A, B], "code": [C], "summary": [A, B]}


def test_what_cannot_be_streamed_is_no_stream(planning: Planning) -> None:
    assert looking(planning, {"stream": True}).is_stream
    assert not looking(planning, {}).is_stream
    assert not looking(planning, {"stream": "yes"}).is_stream
    assert not looking(planning, {"stream": True}, "embeddings").is_stream


def test_a_longer_request_has_more_tokens_and_costs_more(planning: Planning) -> None:
    planning.providers["a"] = provider("a", price_provider="openai")
    target = Target(provider="a", model="gpt-4o")
    short, long = looking(planning, {}), looking(planning, {"messages": HELLO["messages"] * 100})
    assert long.tokens() > 50 * short.tokens() > 0
    assert (long.cost(target) or 0) > (short.cost(target) or 0) > 0
    assert short.cost(B) is None, "nobody knows what b/m costs"
    assert short.call.cost_picos == 0, "looking changes nothing of the row"
