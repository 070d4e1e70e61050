"""The fault matrix: what the gateway makes of a provider, a client or a machine that goes wrong, seen by the SDKs.

Over real sockets, through one gateway process. `faults/matrix.py` has the rows that are one call at a time,
`faults/stories.py` those that take several steps; `faults/stage.py` what is checked after each of them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.conformance.faults import failing, leaving, limited
from tests.conformance.faults.matrix import ROWS, Row
from tests.conformance.faults.places import Ground, Place, listens_only, raised
from tests.conformance.faults.scene import STORIES, Scene, Story
from tests.conformance.faults.stage import Stage, all_of, stage
from tests.conformance.faults.verdicts import Verdict, check_caller, check_row
from tests.kit.provider_faults import Fault
from tests.kit.provider_voices import VOICES, Voice

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("fault-matrix")]


TOLD = (failing, leaving, limited)
"""Modules whose stories are rows."""


class Cell(NamedTuple):
    """One call of one SDK."""

    row: Row
    form: str
    voice: Voice
    verdict: Verdict

    @property
    def route(self) -> str:
        return f"{self.row.id}-{self.form}-{self.voice.name}".replace("_", "-")


def cells(row: Row) -> list[Cell]:
    forms = {"plain": row.plain, "stream": row.stream, "alone": row.alone, "alone_stream": row.alone_stream}
    return [Cell(row, form, voice, verdict) for form, verdict in forms.items() if verdict for voice in VOICES]


def routes(ground: Ground) -> tuple[dict[str, Place], str]:
    places: dict[str, Place] = {}
    models = ""
    for cell in (cell for row in ROWS for cell in cells(row)):
        kind = cell.row.fault if isinstance(cell.row.fault, str) else "scripted"
        place = places[cell.route] = ground.place(kind, cell.route, cell.voice)
        models += place.model_line(alone=cell.form.startswith("alone"), more=f"deadlines: {cell.row.deadlines}")
    return places, models + "".join(told.lines(ground, places) for told in STORIES)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("matrix"), routes) as running:
        yield running


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
async def test_one_call(ran: Stage, row: Row) -> None:
    tried = cells(row)
    heard: list[bytes] = []
    async with ran.row(), raised(ran.places, {cell.route: fault_of(row, heard) for cell in tried}) as walls:
        told = await all_of(*(ran.call(cell.route, stream=cell.form.endswith("stream")) for cell in tried))
        for cell, each in zip(tried, told, strict=True):
            check_caller(cell.verdict, cell.voice, each)
            seen = await ran.row_of(each)
            check_row(cell.verdict, cell.voice, seen)
            if wall := walls.get(cell.route):
                tries = [one for one in seen["attempts_detail"] if one["provider"] == cell.route]
                asked = 0 if row.number in (1, 2, 3, 4) else len(tries)
                assert len(wall.requests) == asked, "A was asked as often as the row says"
    assert b"sk-canary-" not in b"".join(heard)


@pytest.mark.parametrize("told", [pytest.param(told, id=told.id) for told in STORIES])
async def test_several_steps(ran: Stage, told: Story) -> None:
    async with ran.row():
        await all_of(*(told.play(Scene(ran, told, voice)) for voice in told.voices))


def fault_of(row: Row, heard: list[bytes]) -> Fault:
    return listens_only(heard) if isinstance(row.fault, str) else row.fault
