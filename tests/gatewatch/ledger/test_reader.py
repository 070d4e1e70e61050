"""Whoever reads gets the same answers from a running gateway and from the files of one that does not run."""

import asyncio
import gc
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gatewatch.errors import GatewatchError, NotFound, Unreachable, UsageError
from gatewatch.ledger.ownership import owning
from gatewatch.ledger.reader import LocalLedger, RemoteLedger, open_reader
from gatewatch.ledger.service import LedgerService
from gatewatch.ledger.unavailable import LedgerUnavailable
from gatewatch.paths import Home
from proxy.control.actions_here import ActionsHere
from proxy.control.ways_in import WaysIn
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW, mixed_traffic
from tests.kit.control_api import NoGateway, no_vault
from tests.kit.journals import NOW, a_call, opening, segment, whole

QUESTIONS = ("overview", "series", "spend", "errors", "latency", "calls", "keys_usage", "teams")

IMPORTED = """
import sys
import gatewatch.ledger.reader
print(*sorted({name.partition('.')[0] for name in sys.modules}))
"""


@pytest.fixture(autouse=True)
def short_sockets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))


@asynccontextmanager
async def serving(home: Home) -> AsyncIterator[LedgerService]:
    """The control API on the home's socket, as `gatewatch serve` has it."""
    service = LedgerService(home, clock=lambda: NOW)
    ways_in = WaysIn(service, dict, ActionsHere(home, no_vault, service, list, NoGateway()))
    await ways_in.open_here(home.socket, lambda _: "super-admin")
    try:
        yield service
    finally:
        await ways_in.drain(5)
        service.close()


async def test_a_running_gateway_gives_the_same_answers_as_its_files(home: Home) -> None:
    segment(home, *mixed_traffic(80))
    async with serving(home) as service:
        service.load_once()
        reader = await asyncio.to_thread(open_reader, home)
        assert isinstance(reader, RemoteLedger)
        remote = [await asyncio.to_thread(reader.ask, name, **HOUR_WINDOW) for name in QUESTIONS]
        checked = await asyncio.to_thread(reader.check)
        reader.close()
    local = LocalLedger(home)
    assert [answer.rows for answer in remote] == [local.ask(name, **HOUR_WINDOW).rows for name in QUESTIONS]
    assert checked == local.check()
    assert {answer.source for answer in remote} == {"rollups", "calls"}
    assert remote[0].window == {"since": "2026-11-20T10:00:00.000000Z", "until": "2026-11-20T11:00:00.000000Z"}
    assert remote[0].fresh == {"loaded_until": "2026-11-20T11:00:00.000000Z", "behind_bytes": 0, "alarms": []}
    local.close()


async def test_errors_come_over_the_wire_as_what_they_are(home: Home) -> None:
    async with serving(home):
        reader = await asyncio.to_thread(open_reader, home)
        with pytest.raises(UsageError, match="teem"):
            await asyncio.to_thread(reader.ask, "calls", where="teem=x")
        with pytest.raises(NotFound, match="colours"):
            await asyncio.to_thread(reader.ask, "colours")
        with pytest.raises(UsageError, match="sql"):
            await asyncio.to_thread(reader.ask, "calls", sql="DROP TABLE calls")
        reader.close()


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)  # httpcore's
def test_a_gateway_that_is_gone_is_unreachable(home: Home) -> None:
    reader = RemoteLedger(home.socket)
    with pytest.raises(Unreachable, match="No gateway"):
        reader.ask("overview")
    reader.close()
    gc.collect()


async def test_a_snapshot_is_made_by_the_gateway(home: Home, tmp_path: Path) -> None:
    segment(home, whole(a_call(0)))
    async with serving(home) as service:
        service.load_once()
        reader = await asyncio.to_thread(open_reader, home)
        await asyncio.to_thread(reader.snapshot, tmp_path / "copy.duckdb")
        with pytest.raises(GatewatchError, match="cannot be written"):
            await asyncio.to_thread(reader.snapshot, tmp_path / "nowhere" / "copy.duckdb")
        reader.close()
    assert (tmp_path / "copy.duckdb").stat().st_size > 0


def test_a_socket_that_nobody_listens_on_is_no_gateway(home: Home) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(home.socket))
    reader = open_reader(home)
    assert isinstance(reader, LocalLedger)
    reader.close()


def test_a_home_without_a_gateway_is_read_from_its_files_after_the_journal_is_loaded(home: Home) -> None:
    segment(home, whole(a_call(0)), opening(a_call(1)))
    reader = open_reader(home)
    assert isinstance(reader, LocalLedger)
    assert {row["status"] for row in reader.ask("calls").rows} == {"ok", "interrupted"}
    assert reader.check().ok
    reader.close()


def test_a_local_reader_owns_the_home_until_it_is_closed(home: Home) -> None:
    reader = LocalLedger(home)
    with pytest.raises(Unreachable):
        LocalLedger(home)
    reader.close()
    LocalLedger(home).close()


def test_a_home_that_a_gateway_holds_without_answering_is_unreachable(home: Home) -> None:
    with owning(home), pytest.raises(Unreachable, match="holds") as raised:
        open_reader(home)
    assert raised.value.exit_code == 5
    assert raised.value.next_step


def test_a_home_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    home = Home(tmp_path / "nowhere")
    with pytest.raises(Unreachable, match="no gateway"):
        open_reader(home)
    assert not home.root.exists()


def test_a_file_that_cannot_be_opened_lets_go_of_the_home(home: Home) -> None:
    home.ledger.write_bytes(b"no database")
    with pytest.raises(LedgerUnavailable):
        LocalLedger(home)
    with owning(home):
        pass


def test_importing_the_reader_imports_neither_duckdb_nor_httpx() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
    assert not {"duckdb", "httpx", "zstandard"} & set(done.stdout.split())
