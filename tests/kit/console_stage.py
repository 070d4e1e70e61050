"""A console on a real ledger that was made by hand, with a clock that stands still and a gateway that can go away.

async with console(busy(tmp_path), size=(80, 24)) as stage:
    await stage.press("2")
    assert "upstream_rate_limited" in stage.text()
"""

import asyncio
import html
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from app.console.app import ConsoleApp
from app.console.figures import Row
from app.console.links import Link
from gatewatch import __version__
from gatewatch.actions.acting import Acting
from gatewatch.actions.perform import perform
from gatewatch.call import Call
from gatewatch.config import load
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError, Unreachable
from gatewatch.ledger.answer import Answer
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from gatewatch.prices.row import Match, PriceRow, Prices, price_row
from proxy.control.actions_here import _Borrowed
from tests.kit.control_api import no_vault
from tests.kit.journals import HOUR, MINUTE, SECOND, T0, a_call, attempt, call_id, closing, segment

NOW = T0 + HOUR + 30 * SECOND
"""2026-11-20T11:00:30Z, when a console of these tests looks."""
SMALL, LARGE = (80, 24), (160, 48)
PATIENCE_SECONDS = 30.0
SNAPSHOTS = Path(__file__).resolve().parents[1] / "app" / "console" / "snapshots"

PRICE = price_row(
    provider="openai",
    model="gpt-4o",
    match=Match(equals="gpt-4o"),
    prices=Prices(input=2_500_000, cache_read=1_250_000, output=10_000_000),
    source="a test",
    recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
)
"""USD 2.50, 1.25 and 10 per million tokens."""

LIVE: dict[str, Any] = {
    "version": __version__,
    "pid": 4242,
    "home": "/home/gatewatch",
    "listen": "http://127.0.0.1:4000",
    "started_at": T0,
    "config": {"version": "c0ffee", "path": None, "warnings": []},
    "vault": {"backend": "file", "reason": "a test"},
    "workers": [
        {"pid": 4243, "in_flight": 7, "streams": 5, "connections": 12, "rss_mb": 61.4, "draining": False},
    ],
    "alarms": [],
}

HOSTILE = (
    "\x1b]52;c;cm0gLXJm\x07[/close][@click=app.bell]x[/]\x9b2J\u202egnp.exe\u2066\x00\x7f[link=file:///etc/passwd]"
)
"""A clipboard write, markup that breaks and that clicks, a C1 control, bidirectional overrides, NUL, DEL, a link."""


async def until(holds: Callable[[], object]) -> None:
    """Look again a hundred times a second until it holds; fail where it does not come."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            look_again = loop.create_future()
            loop.call_later(0.01, look_again.set_result, None)
            await look_again


class Source:
    """The ledger of a home, and a live state. `trouble` is raised by everything while it is set."""

    def __init__(self, home: Home, *lines: bytes) -> None:
        segment(home, *lines)
        self.now_us = NOW
        self.live_state = dict(LIVE)
        self.trouble: GatewatchError | None = None
        self.asked: list[str] = []
        self.closed = False
        self._service = LedgerService(home, clock=lambda: self.now_us)
        self._service.load_once()
        self._loads = 1
        self._home = home

    def add(self, *lines: bytes) -> None:
        """More calls, loaded at once."""
        self._loads += 1
        segment(self._home, *lines, sequence=self._loads)
        self._service.load_once()

    def go_away(self) -> None:
        self.trouble = Unreachable("No gateway answers on /run/gatewatch.sock.", "Start one with 'gatewatch serve'.")

    def ask(self, query: str, /, **params: object) -> Answer:
        self.asked.append(query)
        if self.trouble:
            raise self.trouble
        return self._service.ask(query, **params)

    def live(self) -> dict[str, Any]:
        self.asked.append("live")
        if isinstance(self.trouble, Unreachable):
            raise self.trouble
        return self.live_state

    def price_row(self, call: Row) -> PriceRow | None:
        return PRICE if call.get("price_row") == PRICE.id else None

    def perform(self, action: str, **asked: object) -> Any:
        """On the home's own files, as its super-admin."""
        self.asked.append(action)
        if self.trouble:
            raise self.trouble
        with ControlStore.open(self._home.control, actor="root", clock=lambda: self.now_us) as store:
            acting = Acting(
                self._home,
                store,
                open_vault=no_vault,
                open_ledger=lambda: _Borrowed(self._service, None),
                declared_teams=list,
                gateway=self,  # type: ignore[arg-type]  # as much of one as is asked here
                configuration=lambda: load(self._home.config, {}).config if self._home.config.exists() else None,
            )
            return perform(acting, action, asked)

    def routes_changed(self) -> None:
        """Nobody serves by them here."""

    def close(self) -> None:
        self.closed = True
        self._service.close()


class Stage:
    """An open console."""

    def __init__(self, app: ConsoleApp, pilot: "Pilot[None]", source: Source) -> None:
        self.app, self.pilot, self.source = app, pilot, source

    async def settle(self) -> None:
        """Until nothing is being asked, drawn or waited for."""
        for _ in range(2):
            await self.pilot.pause()
            await self.app.workers.wait_for_complete()
        await until(lambda: self.app.asked_us is None and self.app.view is not None)
        for _ in range(2):
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Type a text, then Enter."""
        names = {" ": "space"}
        await self.pilot.press(*(names.get(letter, letter) for letter in text), "enter")
        await self.settle()

    async def look(self, after_us: int = SECOND) -> None:
        """Time passes, and the console asks again."""
        self.source.now_us += after_us
        self.app.poll()
        await self.settle()

    def text(self) -> str:
        """What is on the screen, line by line."""
        return "\n".join(screen_lines(self.app))

    def toasts(self) -> list[str]:
        return [note.message for note in self.app._notifications]


@asynccontextmanager
async def console(
    source: Source, size: tuple[int, int] = SMALL, begin: str | None = None, **options: Any
) -> AsyncIterator[Stage]:
    """A console that asks only when it is told to."""
    link = Link.parse(begin) if begin else None
    app = ConsoleApp(source, begin=link, poll_seconds=None, now_us=lambda: source.now_us, **options)
    async with app.run_test(size=size) as pilot:
        stage = Stage(app, pilot, source)
        await stage.settle()
        yield stage


def screen_lines(app: ConsoleApp) -> list[str]:
    """The characters of a screenshot, put back where they stand."""
    width, height = app.size
    grid = [[" "] * width for _ in range(height)]
    texts = re.findall(r'<text [^>]*x="([\d.]+)" y="([\d.]+)" textLength[^>]*>([^<]*)</text>', app.export_screenshot())
    for x, y, text in texts:
        column, row = round(float(x) / 12.2), int(float(y) / 24.4)
        for letter in html.unescape(text):
            if column < width:
                grid[row][column] = letter
            column += _cells(letter)
    return ["".join(line).replace("\xa0", " ").rstrip() for line in grid]


def _cells(letter: str) -> int:
    from rich.cells import cell_len

    return cell_len(letter)


def matches_snapshot(name: str, text: str) -> None:
    """Compare with a committed file. GATEWATCH_SNAPSHOTS=write makes it anew: look at what changes."""
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("GATEWATCH_SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


def busy_lines() -> list[bytes]:
    """Fifteen minutes of three teams: good calls, rate limits, refusals, a retry, an unpriced model, cache reads."""
    lines: list[bytes] = []
    for n in range(180):
        call = a_call(n, at_us=NOW - 15 * MINUTE + n * 5 * SECOND, **_habit(n))
        lines += [attempt(call, latency_us=call.latency_us - 1_000, status=call.status), closing(call)]
    lines += [*retried_call(), closing(blocked_call())]
    return lines


def _habit(n: int) -> dict[str, Any]:
    """What the n-th call is like."""
    slow = {"latency_us": 900_000 + 37_000 * (n % 30), "ttft_us": 200_000 + 11_000 * (n % 20), "stream": n % 2 == 0}
    match n % 9:
        case 0:
            return {
                **slow,
                "team": "research",
                "model": "house-llama-70b",
                "cost_basis": "unpriced",
                "cost_picos": None,
            }
        case 4:
            failed = {"status": "error", "http_status": 429, "error_kind": "upstream_rate_limited", "ttft_us": None}
            nothing = {"input_uncached_tokens": 0, "output_tokens": 0, "cost_picos": 0, "latency_us": 45_000}
            return {**failed, **nothing, "team": "growth", "error_message": "Rate limit reached for requests"}
        case 1 | 5 | 7:
            cached = {"input_uncached_tokens": 1_000, "input_cache_read_tokens": 3_000, "output_tokens": 200}
            return {**slow, **cached, "team": "support", "model": "claude-sonnet-4-5", "cost_picos": 6_900_000_000}
    return slow


def retried_call() -> list[bytes]:
    """The call that tests look at in full: a 503, then an answer; its money is exactly that of `PRICE`."""
    call = a_call(
        at_us=NOW - 40 * SECOND,
        endpoint="messages",
        dropped_params=["top_k"],
        attempts=2,
        latency_us=2_400_000,
        ttft_us=1_300_000,
        upstream_us=2_100_000,
        overhead_us=1_250,
        stream=True,
        input_uncached_tokens=1_200,
        input_cache_read_tokens=800,
        output_tokens=350,
        output_reasoning_tokens=100,
        cost_picos=7_500_000_000,
        cost_basis="computed",
        price_row=PRICE.id,
        feature="chat",
        customer="umbrella",
        tags={"ticket": "4711"},
        params={"temperature": 0.2, "max_tokens": 500},
        client="openai/3.52.0",
        source="127.0.0.1",
        config_version="c0ffee",
        route_version="1a2b3c",
    )
    first = attempt(
        call,
        n=1,
        status="error",
        http_status=503,
        error_kind="upstream_overloaded",
        error_message="The server is busy",
        connect_us=12_000,
        first_byte_us=290_000,
        latency_us=300_000,
    )
    second = attempt(call, n=2, started_at=call.started_at + 600_000, first_byte_us=690_000, latency_us=1_800_000)
    return [first, second, closing(call)]


RETRIED_ID = call_id(NOW - 40 * SECOND)


def blocked_call() -> Call:
    return a_call(
        at_us=NOW - 20 * SECOND,
        status="blocked",
        http_status=401,
        error_kind="invalid_api_key",
        error_message="Incorrect API key provided.",
        team=None,
        key_id=None,
        key_name=None,
        provider=None,
        model=None,
        requested_model=None,
        route=None,
        attempts=0,
        input_uncached_tokens=0,
        output_tokens=0,
        cost_picos=0,
        price_row=None,
        ttft_us=None,
        latency_us=90,
        upstream_us=0,
        overhead_us=90,
    )


def busy(folder: Path) -> Source:
    return Source(Home(folder), *busy_lines())


def empty(folder: Path) -> Source:
    return Source(Home(folder))


def many(folder: Path, count: int) -> Source:
    """So many calls, a second apart, the last at `NOW`."""
    calls = [a_call(n, at_us=NOW - (count - n) * SECOND) for n in range(count)]
    return Source(Home(folder), *map(closing, calls))


def hostile(folder: Path) -> Source:
    """One call with hostile text in every field that takes text."""
    texts = {field: HOSTILE for field, value in _texts().items() if isinstance(value, str)}
    call = a_call(
        at_us=NOW - 10 * SECOND,
        **(texts | {"status": "error", "http_status": 500}),
        tags={HOSTILE: HOSTILE},
        params={HOSTILE: HOSTILE},
    )
    texts_of_attempt = dict.fromkeys(("provider", "model", "error_kind", "error_message", "provider_key"), HOSTILE)
    source = Source(Home(folder), attempt(call, status="error", **texts_of_attempt), closing(call))
    source.live_state["listen"] = HOSTILE
    source.live_state["alarms"] = [{"id": "x", "text": HOSTILE, "since": NOW}]
    return source


def _texts() -> dict[str, object]:
    """Fields of a call that outsiders have a say in."""
    names = (
        *("team", "project", "environment", "key_id", "key_name", "user", "feature", "customer", "use_case", "task_id"),
        *("source", "client", "endpoint", "dialect", "workload_class", "requested_model", "route", "provider"),
        *("provider_key", "model", "served_model", "finish_reason", "error_kind", "error_message", "price_row"),
        *("config_version", "route_version"),
    )
    return dict.fromkeys(names, "")
