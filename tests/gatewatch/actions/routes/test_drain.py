"""A drain: of a target or a provider, for one route or all; refused where it leaves a route without a target."""

from typing import Any

import pytest

from gatewatch.actions.routes.drain import at_target
from gatewatch.errors import NotAllowed, NotFound, UsageError
from tests.kit.acting import MINUTE, Stage


class Busy:
    """As much of a gateway as tells what runs where."""

    def live(self) -> dict[str, Any]:
        return {
            "workers": [
                {"targets_in_flight": {"chat": {"groq/llama": 3, "groq/small": 2}}},
                {"targets_in_flight": {}},
                {},
            ]
        }

    def routes_changed(self) -> None:
        return None


def test_it_tells_what_runs_there_still(routes: Stage) -> None:
    assert routes.do("routes.drain", target="groq/llama")["in_flight"] is None, "nobody runs who could know"
    routes.gateway = Busy()
    assert routes.do("routes.drain", target="groq/llama")["in_flight"] == 3
    assert routes.do("routes.drain", target="groq")["in_flight"] == 5


def test_it_is_in_force_until_it_is_lifted_or_over(routes: Stage) -> None:
    made = routes.do("routes.drain", target="groq/llama", for_us=MINUTE, reason="maintenance")
    assert (made["id"], made["reason"]) == ("drain:groq/llama", "maintenance")
    (chat, _) = routes.do("routes.list")
    assert [each["id"] for each in chat["overrides"]] == ["drain:groq/llama"]
    routes.clock.now += MINUTE
    (chat, _) = routes.do("routes.list")
    assert chat["overrides"] == []
    routes.do("routes.drain", target="groq/llama")
    assert routes.do("routes.undrain", target="groq/llama")["id"] == "drain:groq/llama"
    with pytest.raises(NotFound, match="not drained"):
        routes.do("routes.undrain", target="groq/llama")


def test_for_one_route_it_is_another_than_for_all(routes: Stage) -> None:
    assert routes.do("routes.drain", target="groq", route="chat")["id"] == "drain:groq|chat"
    routes.do("routes.drain", target="groq")
    with pytest.raises(NotFound):
        routes.do("routes.undrain", target="groq", route="resident")
    routes.do("routes.undrain", target="groq", route="chat")
    (chat, _) = routes.do("routes.list")
    assert [each["id"] for each in chat["overrides"]] == ["drain:groq"]


def test_the_last_target_of_a_route_is_drained_by_force_alone(routes: Stage) -> None:
    with pytest.raises(NotAllowed, match="resident would have no target left") as refused:
        routes.do("routes.drain", target="openai/gpt-4o")
    assert "`gatewatch routes drain` with --force" in (refused.value.next_step or ""), "for every face"
    routes.do("routes.drain", target="openai/gpt-4o", route="chat")
    with pytest.raises(NotAllowed, match="chat would have"):
        routes.do("routes.drain", target="groq")
    assert routes.do("routes.drain", target="groq", force=True)["without_a_target"] == ["chat"]


def test_so_is_the_last_one_of_a_class_of_work(routes: Stage) -> None:
    text = routes.home.config.read_text()
    routes.home.config.write_text(text.replace("groq/llama]}", "groq/llama], classes: {code: [groq/llama]}}"))
    with pytest.raises(NotAllowed, match="chat would have"):
        routes.do("routes.drain", target="groq/llama")


def test_it_is_the_version_in_force_that_has_to_have_another_target(routes: Stage) -> None:
    routes.do("routes.rollback", route="chat")
    with pytest.raises(NotAllowed, match="chat would have"):
        routes.do("routes.drain", target="openai/gpt-4o", route="chat")
    routes.do("routes.lift_rollback", route="chat")
    routes.do("routes.drain", target="openai/gpt-4o", route="chat")
    with pytest.raises(NotAllowed, match="drained targets alone: openai/gpt-4o") as refused:
        routes.do("routes.rollback", route="chat")
    assert refused.value.next_step == "gatewatch routes undrain openai/gpt-4o --route chat"


def test_what_the_version_in_force_does_not_name_may_be_drained(routes: Stage) -> None:
    """`a1` goes to openai/gpt-4: what is configured beside it has no calls."""
    routes.do("routes.rollback", route="chat", version="a1")
    made = routes.do("routes.drain", target="openai/gpt-4o", route="chat")
    assert made["without_a_target"] == []
    routes.do("routes.drain", target="groq/llama", route="chat")


@pytest.mark.parametrize(("target", "near"), [("openai/gpt-4o-tpyo", "openai/gpt-4o"), ("groq/zzz", None)])
def test_a_target_that_no_call_goes_to_is_drained_by_force_alone(routes: Stage, target: str, near: str | None) -> None:
    with pytest.raises(NotFound, match="goes to") as refused:
        routes.do("routes.drain", target=target)
    assert near is None or f"did you mean {near}?" in (refused.value.next_step or "")
    with pytest.raises(NotFound, match="no call of resident goes to"):
        routes.do("routes.drain", target="groq", route="resident")
    assert routes.do("routes.drain", target=target, force=True)["without_a_target"] == []


@pytest.mark.parametrize("model", ["\x1b]52;c;aGk=\x07", "evil name", "x" * 201, "a\u202eb", ""])
def test_what_has_not_the_form_of_a_target_is_none(routes: Stage, model: str) -> None:
    for action, asked in (
        ("routes.drain", {"target": f"groq/{model}", "force": True}),
        ("routes.canary", {"route": "chat", "to": f"groq/{model}", "share": "5%"}),
    ):
        with pytest.raises(UsageError, match="is no target") as refused:
            routes.do(action, **asked)
        assert len(str(refused.value)) < 150
        assert "\x1b" not in str(refused.value)


def test_who_is_no_provider_cannot_be_drained(routes: Stage) -> None:
    with pytest.raises(NotFound, match="no provider 'grok'"):
        routes.do("routes.drain", target="grok/llama")


def test_calls_of_all_workers_are_counted_together() -> None:
    workers = [
        {"targets_in_flight": {"chat": {"a/x": 1}}},
        {"targets_in_flight": {"chat": {"a/x": 2, "a/y": 4, "b/x": 8}}},
    ]
    assert (at_target(workers, "a/x"), at_target(workers, "a"), at_target(workers, "c")) == (3, 7, 0)


def test_a_drain_for_one_route_counts_that_routes_calls_alone() -> None:
    workers = [{"targets_in_flight": {"chat": {"a/x": 1}, "talk": {"a/x": 16}, "": {"a/x": 32}}}]
    assert (at_target(workers, "a", "chat"), at_target(workers, "a/x", "other"), at_target(workers, "a/x")) == (
        1,
        0,
        49,
    )
