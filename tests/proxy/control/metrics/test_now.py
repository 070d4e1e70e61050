"""Gauges come from what every screen shows."""

import msgspec

from proxy.control.metrics.now import Budget, merged, now_of
from proxy.worker.live import LiveState


def worker(pid: int, **fields: object) -> dict[str, object]:
    made = LiveState(
        pid=pid, config_version="v", in_flight=3, streams=2, connections=5, started=9, ended=6, refused=0, errors=0,
        journal_full=False, journal_error=None, keys_stale_since=None, rss_mb=50.0, draining=False,
    )  # fmt: skip
    return msgspec.to_builtins(made) | fields  # type: ignore[no-any-return]


def test_workers_are_added_up() -> None:
    workers = [
        worker(1, provider_keys_in_flight={"openai": {"a": 1, "b": 1}, "claude": {"c": 1}}),
        worker(2, draining=True, provider_keys_in_flight={"openai": {"a": 4}}),
    ]
    now = now_of({"workers": workers, "version": "1.2", "started_at": 7, "config": {"version": "abc"}})
    assert (now.workers, now.draining, now.in_flight, now.streams, now.connections) == (2, 1, 6, 4, 10)
    assert (now.rss_bytes, now.by_provider) == (100e6, {"openai": 6, "claude": 1})
    assert (now.version, now.config_version, now.started_at) == ("1.2", "abc", 7)


def test_alarms_are_told_by_kind_and_alerts_by_name() -> None:
    alarms = [{"id": "provider_key:openai:env:OPENAI_API_KEY"}, {"id": "provider_key:claude:main"}, {"id": "recorder"}]
    slow = {"alert": "slow", "severity": "critical", "state": "firing"}
    alerts = [slow, slow | {"state": "acknowledged"}, slow | {"state": "cleared"}]
    now = now_of({"alarms": alarms, "alerts": alerts})
    assert now.alarms == {"provider_key": 2, "recorder": 1}
    assert now.alerts == {("slow", "critical"): 2}


def test_breakers_and_shifts_are_told_by_target() -> None:
    left = {"key": "main", "state": "open", "workers": 2, "failures": 5, "again_in": 4.0}
    targets = [
        {"target": "eu/meta/llama", "breakers": [left, left | {"key": "spare", "workers": 0}], "shifted": []},
        {"target": "us/gpt", "breakers": [], "shifted": ["chat", "code"]},
    ]
    now = now_of({"targets": targets})
    assert now.breakers == {("eu", "meta/llama", "main"): 2, ("eu", "meta/llama", "spare"): 0}
    assert now.shifted == {("us", "gpt", "chat"): 1, ("us", "gpt", "code"): 1}


def test_a_gateway_that_just_begins_has_nothing() -> None:
    now = now_of({})
    assert (now.workers, now.in_flight, now.alarms) == (0, 0, {})


def test_budgets_whose_names_look_alike_are_one() -> None:
    def budget(name: str, spent: float, rule: str = "r") -> Budget:
        return Budget(rule=rule, scope="user", name=name, measure="usd", limit=10, spent=spent, held=0.5)

    same = [budget("dup", 1), budget("jo", 2), budget("dup", 3), budget("dup", 4, "other")]
    assert [(each.rule, each.name, each.limit, each.spent, each.held) for each in merged(same)] == [
        ("r", "dup", 20, 4, 1),
        ("r", "jo", 10, 2, 0.5),
        ("other", "dup", 10, 4, 0.5),
    ]
