"""An operator who knows that a target is well again brings it back."""

from typing import Any

import pytest

from gatewatch.control.shifts import Shift, Shifts
from gatewatch.errors import NotFound, UsageError
from tests.kit.acting import Stage


class Told:
    """As much of a gateway as hears of it."""

    def __init__(self) -> None:
        self.times = 0

    def routes_changed(self) -> None:
        self.times += 1


def shifted(stage: Stage, *routes: str, target: str = "groq/llama") -> None:
    for route in routes:
        stage.store(lambda store, route=route: Shifts(store).shift(route, target, ("errors",), "9 of 100 tries failed"))


def rows(stage: Stage) -> dict[str, Shift]:
    found: list[Shift] = stage.store(lambda store: Shifts(store).rows())
    return {row.route: row for row in found}


def test_it_is_in_its_place_and_what_failed_before_is_forgiven(routes: Stage) -> None:
    shifted(routes, "chat", "code")
    routes.gateway = Told()
    answer: Any = routes.do("routes.restore", target="groq/llama", reason="they have mended it")
    assert [each["route"] for each in answer["restored"]] == ["chat", "code"]
    assert answer["restored"][0]["misses"] == ["errors"]
    assert all(not row.misses and row.forgiven_at == routes.clock.now for row in rows(routes).values())
    assert rows(routes)["chat"].text == "they have mended it"
    assert routes.gateway.times == 1


def test_on_one_route_alone(routes: Stage) -> None:
    shifted(routes, "chat", "code")
    routes.do("routes.restore", target="groq/llama", route="code")
    assert {route: row.misses for route, row in rows(routes).items()} == {"chat": ("errors",), "code": ()}


def test_what_is_in_its_place_cannot_be_brought_back(routes: Stage) -> None:
    shifted(routes, "chat")
    with pytest.raises(NotFound, match="nothing is shifted away from 'openai/gpt-4o'"):
        routes.do("routes.restore", target="openai/gpt-4o")
    with pytest.raises(NotFound):
        routes.do("routes.restore", target="groq/llama", route="code")
    with pytest.raises(UsageError):
        routes.do("routes.restore", target="groq/llama", reason=" ")
    assert rows(routes)["chat"].misses == ("errors",)
