"""The fault matrix: what the gateway makes of a provider, a client or a machine that goes wrong, seen by the SDKs.

Over real sockets, through one gateway process. `faults/matrix.py` has the rows that are one call at a time,
`faults/stories.py` those that take several steps; `faults/stage.py` what is checked after each of them.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conformance.faults import failing, leaving, limited, machine
from tests.conformance.faults.callers import Asked, Told
from tests.conformance.faults.matrix import ROWS, Row
from tests.conformance.faults.places import Ground, Place, listens_only, raised
from tests.conformance.faults.scene import STORIES, Scene, Story
from tests.conformance.faults.stage import MEMORY_MB, SPARE_SOCKETS, Stage, all_of, stage
from tests.conformance.faults.verdicts import Verdict, check_caller, check_row
from tests.kit.provider_faults import Fault
from tests.kit.provider_voices import VOICES, Voice
from tests.kit.running import ROOT

pytestmark = pytest.mark.slow


TOLD = (failing, leaving, limited, machine)
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


async def test_row_41_the_clock_jumps(tmp_path: Path) -> None:
    if not (library := machine.faketime()):
        pytest.skip("libfaketime is not installed (Debian: apt install faketime)")
    await machine.clock_jumps(tmp_path, library)


async def test_row_43_the_end_under_load(tmp_path: Path) -> None:
    await machine.ends_under_load(tmp_path)


OLDER = {
    "openai": os.environ.get("GATEWATCH_OPENAI1_PYTHON", ""),
    "anthropic": os.environ.get("GATEWATCH_ANTHROPIC0_PYTHON", ""),
}
OF_OLDER = ("refuses-the-connection", "resets-mid-stream", "ends-without-saying-so", "half-a-frame", "500", "404")
"""Rows that the older generation of each SDK is tried on, too."""


@pytest.mark.parametrize("voice", [pytest.param(voice, id=voice.name) for voice in VOICES])
async def test_the_older_generation_sees_the_same(ran: Stage, voice: Voice) -> None:
    if not (interpreter := OLDER[voice.name]):
        pytest.skip(f"the older {voice.name} is not installed: `make extras`")
    tried = [cell for row in ROWS if row.name in OF_OLDER for cell in cells(row) if cell.voice is voice]
    assert len({cell.row.name for cell in tried}) == len(OF_OLDER)
    async with ran.row(), raised(ran.places, {cell.route: fault_of(cell.row, []) for cell in tried}):
        known = {cell.route: len(ran.rows(cell.route)) for cell in tried}
        asked = [ran.asked(cell.route, stream=cell.form.endswith("stream")) for cell in tried]
        said = await asyncio.to_thread(older, interpreter, asked)
        for cell, told in zip(tried, said, strict=True):
            check_caller(cell.verdict, voice, told)
            check_row(cell.verdict, voice, await ran.row_of(told))
            assert len(ran.rows(cell.route)) == known[cell.route] + 1


def older(interpreter: str, asked: list[Asked]) -> list[Told]:
    """The same calls from another interpreter."""
    done = subprocess.run(
        [interpreter, "-m", "tests.conformance.faults.callers"],
        input=json.dumps([asdict(each) for each in asked]),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=machine.home_variables(),
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [Told(**each) for each in json.loads(done.stdout)]


PROVEN_ELSEWHERE = {
    34: "tests/proxy/worker/test_hardening.py::test_a_bad_request_is_refused_closed_and_never_forwarded",
    36: "tests/conformance/test_key_rotation.py::test_a_key_is_rotated_under_load_and_no_call_fails",
    37: "tests/conformance/test_counters_equal_ledger.py"
    "::test_a_hundred_calls_at_once_overspend_the_last_cent_by_one_reservation_at_most",
}
"""Row → the test that has a gateway, clients and a load of its own for it."""


def test_every_row_is_here_or_elsewhere() -> None:
    here = {row.number for row in ROWS} | {told.number for told in STORIES} | {41, 43}
    assert here | PROVEN_ELSEWHERE.keys() == {*range(1, 38), *range(41, 44)}
    for place in PROVEN_ELSEWHERE.values():
        file, _, name = place.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(), place


def test_nothing_is_left_of_all_of_it(ran: Stage) -> None:
    """Whichever rows have run: no file has a provider's key, no socket and no memory is kept, all counters agree."""
    ran.nothing_stands_anywhere()
    assert ran.sockets() < ran.sockets_at_first + SPARE_SOCKETS
    assert ran.memory_mb() < ran.memory_at_first + MEMORY_MB
    ran.served.ask("budgets", "verify")  # exits with 1 where a counter is not what the ledger says
    assert [beat for beat in ran.trickle.beats if beat.trouble] == []


def fault_of(row: Row, heard: list[bytes]) -> Fault:
    return listens_only(heard) if isinstance(row.fault, str) else row.fault
