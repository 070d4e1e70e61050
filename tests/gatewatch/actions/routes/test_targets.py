"""The routes view: a row for each route and target, with what went there in the window."""

from typing import Any

import pytest

from gatewatch.errors import NotFound, UsageError
from tests.kit.acting import Stage
from tests.kit.journals import a_call, attempt, closing, opening, segment

WINDOW = {"since": "2026-11-20T10:00:00Z", "until": "2026-11-20T11:00:00Z"}


@pytest.fixture
def called(routes: Stage) -> Stage:
    fields: list[dict[str, Any]] = [
        *[{"model": "gpt-4o"}] * 6,
        *[{"model": "gpt-4o", "status": "error", "http_status": 502, "error_kind": "upstream_error"}] * 2,
        {"provider": "groq", "model": "small"},
        {"route": "nobody/knows", "model": "gpt-4o"},
    ]
    calls = [a_call(n, **{"route": "chat"} | each) for n, each in enumerate(fields)]
    segment(routes.home, *[opening(call) + attempt(call, status=call.status) + closing(call) for call in calls])
    return routes


def test_each_configured_target_has_a_row_and_whatever_else_calls_went_to(called: Stage) -> None:
    answer = called.do("routes.targets", **WINDOW)
    assert [(row["route"], row["target"], row["tries"], row["answered"]) for row in answer["rows"]] == [
        ("chat", "openai/gpt-4o", 8, 6), ("chat", "groq/llama", 0, 0), ("chat", "groq/small", 1, 1),
        ("resident", "openai/gpt-4o", 0, 0),
    ]  # fmt: skip
    first, second, third, _ = answer["rows"]
    assert (first["share"], first["failed"], first["failed_rate"]) == (0.857143, 2, 0.25)
    assert first["version"] == "c3"
    assert first["cost_usd"] == "0.0036"
    assert (second["p95_ms"], second["cost_usd"], second["is_target"]) == (None, "0", True)
    assert (third["is_target"], third["in_flight"]) == (False, None)


def test_what_is_in_force_stands_at_the_targets_that_it_is_about(called: Stage) -> None:
    called.do("routes.canary", route="chat", to="groq/new", share="5%")
    called.do("routes.drain", target="groq/llama")
    rows = called.do("routes.targets", route="chat", **WINDOW)["rows"]
    assert {row["target"]: [each["id"] for each in row["overrides"]] for row in rows} == {
        "openai/gpt-4o": [], "groq/llama": ["drain:groq/llama"], "groq/new": ["canary:chat"], "groq/small": [],
    }  # fmt: skip


def test_targets_of_classes_of_longer_calls_and_of_the_last_resort_are_targets(called: Stage) -> None:
    text = called.home.config.read_text()
    more = (
        "classes: {code: [groq/small]}, context_window: [openai/long], last_resort: {short_answer: {target: groq/nano}}"
    )
    called.home.config.write_text(text.replace("groq/llama]}", f"groq/llama], {more}}}"))
    rows = called.do("routes.targets", route="chat", **WINDOW)["rows"]
    assert [(row["target"], row["is_target"], row["purposes"]) for row in rows] == [
        ("openai/gpt-4o", True, []), ("groq/llama", True, []), ("groq/small", True, ["code"]),
        ("openai/long", True, ["long calls"]), ("groq/nano", True, ["short answers"]),
    ]  # fmt: skip
    called.do("routes.rollback", route="chat", version="b2")
    rows = called.do("routes.targets", route="chat", **WINDOW)["rows"]
    assert [(row["target"], row["is_target"]) for row in rows] == [("openai/gpt-4o", True), ("groq/small", False)]


def test_a_filter_leaves_out_the_routes_of_which_it_tells_nothing(called: Stage) -> None:
    def shown(where: str) -> list[tuple[str, str, int]]:
        rows = called.do("routes.targets", where=where, **WINDOW)["rows"]
        return [(row["route"], row["target"], row["tries"]) for row in rows]

    chat = [("chat", "openai/gpt-4o", 8), ("chat", "groq/llama", 0), ("chat", "groq/small", 1)]
    assert shown("route=chat") == chat
    assert shown("team=search") == chat
    assert shown("route=resident") == [("resident", "openai/gpt-4o", 0)]
    assert shown("team=nobody") == []


def test_one_route_may_be_asked_for_and_a_filter(called: Stage) -> None:
    rows = called.do("routes.targets", route="chat", where="status=error", **WINDOW)["rows"]
    assert [(row["target"], row["tries"]) for row in rows] == [("openai/gpt-4o", 2), ("groq/llama", 0)]
    with pytest.raises(NotFound):
        called.do("routes.targets", route="nothing")
    with pytest.raises(UsageError):
        called.do("routes.targets", since="yesterday")
