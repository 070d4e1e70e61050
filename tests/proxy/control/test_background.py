"""What goes on in the background: it fails, that is said, and it goes on again."""

import asyncio
import logging

import pytest

from proxy.control.alarms import Alarms
from proxy.control.background import Background
from tests.kit.waiting import until


def said(alarms: Alarms) -> dict[str, str]:
    return {alarm.id: alarm.text for alarm in alarms.standing()}


async def test_what_fails_or_just_ends_is_said_and_begun_again(caplog: pytest.LogCaptureFixture) -> None:
    alarms, runs = Alarms(), 0
    background = Background(alarms, first_pause=0.0)

    async def looks() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise RuntimeError("the disk is gone")
        if runs == 3:
            await asyncio.Event().wait()

    with caplog.at_level(logging.ERROR):
        background.keep("watch", looks)
        await until(lambda: said(alarms))
        assert "RuntimeError: the disk is gone" in said(alarms)["background:watch"]
        await until(lambda: runs, lambda count: count == 3)
    assert "begun again (it ended)" in said(alarms)["background:watch"]
    assert [record.exc_info is not None for record in caplog.records] == [True, False]
    await background.stop()


async def test_the_alarm_ends_once_it_goes_on_for_a_while() -> None:
    alarms, runs = Alarms(), 0
    background = Background(alarms, first_pause=0.0, steady_seconds=0.05)

    async def looks() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise OSError("no")
        await asyncio.Event().wait()

    background.keep("watch", looks)
    await until(lambda: said(alarms), bool)
    await until(lambda: said(alarms), lambda standing: not standing)
    assert runs == 2
    await background.stop()


async def test_the_end_is_no_failure_and_ends_all_of_it() -> None:
    alarms, ended = Alarms(), []
    background = Background(alarms)

    async def goes_on(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    background.keep("one", lambda: goes_on("one"))
    background.keep("two", lambda: goes_on("two"))
    await asyncio.sleep(0)
    await background.stop()
    assert sorted(ended) == ["one", "two"]
    assert said(alarms) == {}


async def test_an_error_that_holds_a_key_shows_none() -> None:
    alarms = Alarms()
    background = Background(alarms, first_pause=60.0)
    secret = "sk-proj-" + "a1B2" * 12

    async def fails() -> None:
        raise ValueError(f"Incorrect API key provided: {secret}")

    background.keep("watch", fails)
    await until(lambda: said(alarms))
    assert secret not in said(alarms)["background:watch"]
    await background.stop()
