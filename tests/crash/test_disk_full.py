"""The journal's disk fills up under a running gateway, and is freed again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")

CONFIG = """\
vault: file
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  gpt-4o: {{targets: [sandbox/gpt-4o]}}
"""
DISK = "24m"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home whose journal lies on a disk of 24 MB."""
    home = Home(tmp_path / "home").make()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", home.journal], check=True)
    try:
        yield home
    finally:
        subprocess.run(["umount", "--lazy", home.journal], check=True)


def chat(stream: bool = False) -> dict[str, Any]:
    return {"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": "hello"}]}


def fill(home: Home) -> Path:
    """Leave no byte free."""
    ballast = home.journal / "ballast"
    fd = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(fd, bytes(65536)):
            pass
    os.close(fd)
    return ballast


async def test_new_calls_are_refused_calls_in_flight_close_and_service_resumes(tmp_path: Path, home: Home) -> None:
    with ExitStack() as processes:
        provider = processes.enter_context(sandbox(tmp_path))
        running = processes.enter_context(gateway(tmp_path, CONFIG.format(sandbox=provider.listen)))
        live = processes.enter_context(ControlClient(home.socket))
        headers = {"authorization": f"Bearer {running.key('app')}"}
        slow = headers | {"x-sandbox-chunk-gap-ms": "150", "x-sandbox-chunks": "20"}
        async with httpx.AsyncClient(base_url=running.base_url, headers=headers, timeout=30) as client:
            assert (await client.post("/chat/completions", json=chat())).status_code == 200
            async with client.stream("POST", "/chat/completions", json=chat(stream=True), headers=slow) as in_flight:
                frames = in_flight.aiter_lines()
                await anext(frames)
                ballast = fill(home)

                refused = await until(lambda: client.post("/chat/completions", json=chat()), lambda r: r.is_error)
                assert refused.status_code == 503
                assert refused.json()["error"]["code"] == "ledger_full"
                assert refused.headers["retry-after"] == "1"
                ready = await client.get(f"{running.running.listen}/health/ready")
                assert ready.status_code == 503
                await until(live.live, lambda state: "journal_full" in {alarm["id"] for alarm in state["alarms"]})

                text = "\n".join([line async for line in frames])
                assert text.rstrip().endswith("data: [DONE]")
            ballast.unlink()
            await until(lambda: client.post("/chat/completions", json=chat()), lambda r: r.status_code == 200)

        def rows() -> list[dict[str, Any]]:
            return list(running.ask("show", "calls"))

        streamed = in_flight.headers["x-gatewatch-call-id"]
        found = await until(rows, lambda rows: streamed in {row["call_id"] for row in rows})
        assert {row["call_id"]: row["status"] for row in found}[streamed] == "ok"
        await until(live.live, lambda state: state["alarms"] == [])
