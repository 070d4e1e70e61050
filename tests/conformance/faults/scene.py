"""A row of the matrix that takes several steps: played for each SDK, on a route and at a provider of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.conformance.faults.callers import Told, call
from tests.conformance.faults.places import Ground, Place, raised
from tests.conformance.faults.stage import Stage
from tests.conformance.faults.trickle import HEALTHY
from tests.conformance.faults.verdicts import Verdict, check_caller, check_row
from tests.kit.provider_faults import Fault
from tests.kit.provider_voices import VOICES, Voice
from tests.kit.scripted_upstream import ScriptedUpstream
from tests.kit.waiting import until


@dataclass(frozen=True)
class Story:
    """What is played, and what the configuration says for it."""

    number: int
    name: str
    play: "Callable[[Scene], Awaitable[None]]"
    alone: bool
    more: str
    """Of the route."""
    voices: tuple[Voice, ...]
    keys: int
    """Of the provider."""
    preset: str
    """Whose dialect the provider speaks, where it is not the voice's."""

    @property
    def id(self) -> str:
        return f"row-{self.number:02}-{self.name}"

    def route(self, voice: Voice) -> str:
        return f"{self.id}-{voice.name}"

    def other_route(self, voice: Voice) -> str:
        """To another model of the same provider, alone."""
        return f"{self.id}-other-{voice.name}"

    def lines(self, ground: Ground, places: dict[str, Place]) -> str:
        """Its places, and its lines of `models:`."""
        lines = ""
        for voice in self.voices:
            route, other = self.route(voice), self.other_route(voice)
            place = ground.place("scripted", route, voice, bare=bool(self.preset))
            places[route] = place._replace(key_count=self.keys, preset=self.preset)
            lines += places[route].model_line(alone=self.alone, more=self.more)
            lines += f"  {other}: {{targets: [{route}/{voice.other_model}]}}\n"
        return lines


STORIES: list[Story] = []


def story(
    number: int,
    name: str,
    *,
    alone: bool = False,
    more: str = "",
    voices: tuple[Voice, ...] = VOICES,
    keys: int = 1,
    preset: str = "",
) -> "Callable[[Callable[[Scene], Awaitable[None]]], Callable[[Scene], Awaitable[None]]]":
    """One of the rows."""

    def told(play: "Callable[[Scene], Awaitable[None]]") -> "Callable[[Scene], Awaitable[None]]":
        STORIES.append(Story(number, name, play, alone, more, voices, keys, preset))
        return play

    return told


class Scene:
    """One story with one SDK."""

    def __init__(self, stage: Stage, told: Story, voice: Voice) -> None:
        self.stage, self.story, self.voice = stage, told, voice
        self.route = told.route(voice)
        self.other_route = told.other_route(voice)

    @asynccontextmanager
    async def provider(self, fault: Fault) -> AsyncIterator[ScriptedUpstream]:
        """A, with its fault."""
        async with raised(self.stage.places, {self.route: fault}) as walls:
            yield walls[self.route]

    async def call(self, route: str = "", *, stream: bool = False, **more: Any) -> Told:
        return await self.stage.call(route or self.route, stream=stream, **more)

    async def knocks(self, secret: str) -> Told:
        """A call on the healthy route with a key that may have ended: a 401 is no call of anybody's."""
        asked = self.stage.asked(self.route, key=secret)
        asked.model = HEALTHY
        return await call(asked)

    async def judged(self, verdict: Verdict, route: str = "", *, stream: bool = False, **more: Any) -> dict[str, Any]:
        """A call that ends so, for its caller and in the ledger; its row."""
        told = await self.call(route, stream=stream, **more)
        check_caller(verdict, self.voice, told)
        row = await self.stage.row_of(told)
        check_row(verdict, self.voice, row)
        return row

    async def lane(self) -> dict[str, Any]:
        """What the gateway knows of A's key with its model, once it tells."""

        def found() -> list[dict[str, Any]]:
            lanes = self.stage.worker()["provider_lanes"]
            return [each for each in lanes if (each["provider"], each["model"]) == (self.route, self.voice.model)]

        (lane,) = await until(found, bool)
        told: dict[str, Any] = lane
        return told

    def alarms(self) -> list[str]:
        """Texts of those that name the provider."""
        texts = [f"{alarm['id']} {alarm['text']}" for alarm in self.stage.live()["alarms"]]
        return [text for text in texts if self.route in text]
