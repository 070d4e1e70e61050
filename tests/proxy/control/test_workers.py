"""Supervision, with workers that misbehave: some are scripts, some speak from the test."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from gatewatch.paths import Home
from proxy.control import workers as supervision
from proxy.control.alarms import Alarms
from proxy.control.workers import Workers
from proxy.settings import Caps, Deadlines, Limiting, Settings
from tests.kit.marked import VARIABLE, kill_marked, marked, needs_proc
from tests.kit.speaking_worker import Speaker, report
from tests.kit.waiting import until
from tests.kit.worker_process import settings_for

pytestmark = needs_proc

FAILS = [sys.executable, "-c", "raise SystemExit(3)"]
WAITS = [sys.executable, "-c", "import signal; signal.pause()"]
DEAF = [
    sys.executable,
    "-c",
    "import pathlib, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.Path(sys.argv[1]).touch();"
    "signal.pause()",
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture
def settings(home: Home) -> Settings:
    return settings_for(home, "http://127.0.0.1:1/v1", Caps(), Deadlines())


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    yield str(tmp_path)
    kill_marked(str(tmp_path))


@pytest.fixture
def left_behind(mark: str) -> Iterator[int]:
    """The pid of a process that an earlier control process has started."""
    with subprocess.Popen([*WAITS], start_new_session=True) as process:
        yield process.pid
        process.kill()


@asynccontextmanager
async def supervised(command: list[str], count: int = 1) -> AsyncIterator[tuple[Workers, Alarms]]:
    """Workers of this command on a socket of their own; stopped in the end."""
    alarms = Alarms()
    workers = Workers(command, count, alarms)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        workers.start(listening)
        try:
            yield workers, alarms
        finally:
            await workers.stop()


@asynccontextmanager
async def listening_for_reports(home: Home, count: int = 1) -> AsyncIterator[Workers]:
    """Nothing is started: workers of others report."""
    workers = Workers(FAILS, count, Alarms())
    workers.listen_for_reports(home.worker_socket)
    try:
        yield workers
    finally:
        await workers.stop(adopted=False)
        if workers.listening:
            workers.listening.close()
        home.worker_socket.unlink()


@pytest.fixture
def speakers() -> Iterator[list[Speaker]]:
    made: list[Speaker] = []
    yield made
    for speaker in made:
        speaker.socket.close()


async def test_a_worker_that_never_comes_up_is_tried_slower_and_slower_and_an_alarm_says_so(
    settings: Settings, mark: str, caplog: pytest.LogCaptureFixture
) -> None:
    def pauses() -> list[float]:
        return [float(pause) for pause in re.findall(r"starting another in (\S+) s", caplog.text)]

    async with supervised(FAILS) as (workers, alarms):
        workers.configure(settings)
        assert (await until(pauses, lambda found: len(found) >= 4))[:4] == [0.1, 0.2, 0.4, 0.8]
        (alarm,) = alarms.standing()
        assert alarm.id == "worker_down"
        assert "code 3" in alarm.text
        assert "log" in alarm.text
    assert marked(mark) == []


async def test_a_worker_that_cannot_even_be_started_is_an_alarm_too(settings: Settings, tmp_path: Path) -> None:
    async with supervised([str(tmp_path / "no-such-program")]) as (workers, alarms):
        workers.configure(settings)
        (alarm,) = await until(alarms.standing, bool)
        assert "No such file" in alarm.text


async def test_a_stop_does_not_wait_for_the_next_try(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 3600.0)
    monkeypatch.setattr(supervision, "LONGEST_PAUSE", 3600.0)
    async with supervised(FAILS) as (workers, _):
        workers.configure(settings)
        await until(lambda: caplog.text, lambda text: "in 3600.0 s" in text)
        async with asyncio.timeout(30):
            await workers.stop()


@pytest.mark.parametrize("turns", [0, 1, 3, 10])
async def test_a_stop_while_workers_are_being_started_leaves_none(turns: int, settings: Settings, mark: str) -> None:
    async with supervised(WAITS, count=3) as (workers, _):
        if turns % 2:
            workers.configure(settings)
        for _ in range(turns):
            await asyncio.sleep(0)
    assert marked(mark) == []


async def test_a_worker_that_does_not_end_is_killed(
    settings: Settings, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "STOP_SECONDS", 0.2)
    deaf = tmp_path / "deaf"
    async with supervised([*DEAF, str(deaf)]) as (workers, _):
        workers.configure(settings)
        await until(deaf.exists, bool)
        (pid,) = marked(mark)
    assert marked(mark) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_worker_gets_its_listening_socket_and_nothing_else_of_ours(
    settings: Settings, mark: str, tmp_path: Path
) -> None:
    told = tmp_path / "descriptors"
    lists = "import os, pathlib, sys; p = pathlib.Path(sys.argv[1] + '.new'); p.write_text(repr({n: os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')})); p.rename(sys.argv[1]); sys.stdin.read()"  # noqa: E501
    with open(tmp_path / "a-file-of-ours", "w") as ours:
        os.set_inheritable(ours.fileno(), True)
        async with supervised([sys.executable, "-c", lists, str(told)]):
            await until(told.exists, bool)
    descriptors = eval(told.read_text())
    assert not [target for target in descriptors.values() if "a-file-of-ours" in target]
    further = {number: target for number, target in descriptors.items() if int(number) > 2}
    assert [target.partition(":")[0] for target in further.values() if not target.startswith("/proc/")] == ["socket"]


async def test_a_worker_of_another_configuration_is_told_the_one_in_force(
    home: Home, settings: Settings, left_behind: int, speakers: list[Speaker]
) -> None:
    async with listening_for_reports(home) as workers:
        workers.configure(settings)
        speakers.append(speaker := Speaker(home.worker_socket))
        speaker.greet(report(left_behind, epoch=1, config_version=settings.config_version))
        command = await speaker.told()
        assert command["command"] == "configure"
        told = msgspec.convert(command["settings"], Settings)
        assert msgspec.structs.replace(told, epoch=settings.epoch) == settings
        assert told == workers.settings


async def test_limits_that_changed_while_a_worker_started_are_told_with_its_first_report(
    home: Home, settings: Settings, left_behind: int, speakers: list[Speaker]
) -> None:
    async with listening_for_reports(home) as workers:
        workers.configure(settings)
        assert workers.settings
        had = workers.settings.epoch
        changed = Limiting(estimate_percents={"openai/gpt-4o": 130}, usual_outputs={"openai/gpt-4o": 900})
        workers.limit(changed)
        speakers.append(speaker := Speaker(home.worker_socket))
        speaker.greet(report(left_behind, epoch=had))
        command = await speaker.told()
        assert command["command"] == "limit"
        assert msgspec.convert(command["limiting"], Limiting) == changed


async def test_who_has_taken_new_settings_and_which_calls_began_before_them_is_known(
    home: Home, settings: Settings, left_behind: int, speakers: list[Speaker]
) -> None:
    async with listening_for_reports(home) as workers:
        workers.configure(settings)
        assert workers.settings
        before = workers.settings.epoch
        speakers.append(speaker := Speaker(home.worker_socket))
        speaker.greet(report(left_behind, epoch=before, epochs={before: 3}))
        assert await workers.reported(1, 10)
        assert workers.behind(before) == []
        workers.configure(settings)
        after = workers.settings.epoch
        assert after > before
        assert (workers.behind(after), workers.in_flight_before(after)) == ([left_behind], 3)
        await speaker.send(report(left_behind, epoch=after, epochs={before: 1, after: 7}))
        await until(lambda: workers.behind(after), lambda pids: pids == [])
        assert workers.in_flight_before(after) == 1


async def test_epochs_rise_over_a_restart_even_when_the_clock_was_set_back(
    home: Home, settings: Settings, left_behind: int, speakers: list[Speaker]
) -> None:
    far = 2**61
    async with listening_for_reports(home) as workers:
        speakers.append(speaker := Speaker(home.worker_socket))
        speaker.greet(report(left_behind, epoch=far))
        assert await workers.reported(1, 10)
        workers.configure(settings)
        assert workers.settings
        assert workers.settings.epoch == far + 1


async def test_a_worker_too_many_is_sent_away(home: Home, left_behind: int, speakers: list[Speaker]) -> None:
    with subprocess.Popen([*WAITS]) as another:
        async with listening_for_reports(home) as workers:
            speakers += [first := Speaker(home.worker_socket), second := Speaker(home.worker_socket)]
            first.greet(report(left_behind))
            assert await workers.reported(1, 10)
            second.greet(report(another.pid))
            assert await second.told() == {"command": "drain"}
        another.kill()


async def test_a_start_that_failed_leaves_those_it_found_alone_and_a_stop_ends_them(
    home: Home, left_behind: int, mark: str, speakers: list[Speaker]
) -> None:
    async with listening_for_reports(home) as workers:
        speakers.append(speaker := Speaker(home.worker_socket))
        speaker.greet(report(left_behind))
        assert await workers.reported(1, 10)
    await until(lambda: marked(mark), lambda found: found == [left_behind])
    async with listening_for_reports(home) as workers:
        speakers.append(speaker := Speaker(home.worker_socket))
        speaker.greet(report(left_behind))
        assert await workers.reported(1, 10)
        stopping = asyncio.create_task(workers.stop())
        await until(lambda: marked(mark), lambda found: found == [])
        os.waitpid(left_behind, 0)
        await stopping
