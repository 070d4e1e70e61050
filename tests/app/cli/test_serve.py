"""`gatewatch serve` as a service manager knows it: one ready line, signals, exit codes, and nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gatewatch.paths import Home
from tests.kit.marked import VARIABLE, kill_marked, marked, needs_proc
from tests.kit.running import ROOT, Running, command, gateway, sandbox
from tests.kit.waiting import until

pytestmark = needs_proc

CONFIG = """\
vault: file
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  gpt-4o: {{targets: [sandbox/gpt-4o]}}
"""
STREAM = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What the processes of one test have in their environment. None of them outlives it."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    yield str(tmp_path)
    kill_marked(str(tmp_path))


def serve(home: Path, *options: str) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-m", "gatewatch", "serve", "--home", str(home), *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)


def refused(home: Path, *options: str) -> tuple[int, str]:
    """Exit code and stderr of a `serve` that does not start; its stdout is empty."""
    out, errors = (process := serve(home, *options)).communicate(timeout=30)
    assert out == ""
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_a_stream_end_and_leaves_nothing(
    number: signal.Signals, tmp_path: Path, provider: Running, mark: str
) -> None:
    with gateway(tmp_path, CONFIG.format(sandbox=provider.listen)) as running:
        home, process, ready = Home(running.home), running.running.process, running.running.ready
        assert ready.keys() == {"event", "listen", "control", "pid", "workers"}
        assert ready["listen"].startswith("http://127.0.0.1:")
        assert (ready["control"], ready["pid"]) == (f"unix:{home.socket}", process.pid)
        assert set(ready["workers"]) | {process.pid} == set(marked(mark))
        slow = {
            "authorization": f"Bearer {running.key('app')}",
            "x-sandbox-chunks": "30",
            "x-sandbox-chunk-gap-ms": "30",
        }
        async with (
            httpx.AsyncClient(base_url=running.base_url, headers=slow) as client,
            client.stream("POST", "/chat/completions", json=STREAM) as reply,
        ):
            parts = reply.aiter_bytes()
            text = await anext(parts)
            process.send_signal(number)
            text += b"".join([part async for part in parts])
        assert text.count(b'"delta":{"content"') == 30
        assert text.endswith(b"data: [DONE]\n\n")
        assert await until(process.poll, lambda code: code is not None) == 0
        assert process.stdout
        assert process.stdout.read() == b"", "more than the ready line is on stdout"
    assert marked(mark) == []
    assert not home.socket.exists()
    assert not home.worker_socket.exists()
    (call,) = command("show", "calls", home=running.home)
    assert (call["status"], call["output_tokens"]) == ("ok", 30)
    assert command("keys", "show", "app", home=running.home)["last_used_at"] is not None


async def test_a_signal_before_it_is_ready_ends_it_in_order(tmp_path: Path, mark: str) -> None:
    home = Home(tmp_path / "home")
    process = serve(home.root, "--port", "0", "--workers", "3", "--vault", "file")
    await until(home.worker_socket.exists, bool)
    process.terminate()
    out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, ""), errors
    assert "Traceback" not in errors
    assert marked(mark) == []
    assert not home.worker_socket.exists()


def test_a_second_gateway_on_the_same_home_is_refused_and_says_what_to_do(
    tmp_path: Path, provider: Running, mark: str
) -> None:
    with gateway(tmp_path, CONFIG.format(sandbox=provider.listen)) as running:
        before = set(marked(mark))
        code, said = refused(running.home, "--port", "0")
        assert code == 4
        assert "already runs" in said
        assert "--home" in said
        assert set(marked(mark)) == before
        assert httpx.get(f"{running.running.listen}/health/ready").status_code == 200


def test_a_port_that_is_taken_is_named_and_nothing_is_left(tmp_path: Path, mark: str) -> None:
    home = Home(tmp_path / "home")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = refused(home.root, "--port", port)
    assert code == 1
    assert f"127.0.0.1:{port}" in said
    assert "--port" in said
    assert "Traceback" not in said
    assert marked(mark) == []
    assert not home.worker_socket.exists()


def test_a_vault_that_nobody_opens_ends_it_with_the_ways_to_open_it(tmp_path: Path, mark: str) -> None:
    home = Home(tmp_path / "home")
    command("keys", "create", "app", "--team", "search", "--create-team", "--vault", "file", home=home.root)
    home.vault_key.unlink()
    code, said = refused(home.root, "--port", "0")
    assert code == 1
    assert "nothing gives its passphrase" in said
    assert "--passphrase-fd" in said
    assert "Traceback" not in said
    assert marked(mark) == []
    assert not home.worker_socket.exists()


def test_a_missing_provider_key_ends_it_and_is_named(tmp_path: Path, mark: str) -> None:
    file = tmp_path / "gatewatch.yaml"
    file.write_text("vault: file\nproviders:\n  openai: {preset: openai, api_key: env:NOT_SET_ANYWHERE}\n")
    code, said = refused(tmp_path / "home", "--port", "0", "--config", str(file))
    assert code == 1
    assert "NOT_SET_ANYWHERE" in said
    assert marked(mark) == []


@pytest.mark.parametrize("options", [("--workers", "0"), ("--port", "65536"), ("--port", "-1")])
def test_numbers_that_make_no_sense_are_usage_errors(options: tuple[str, str], tmp_path: Path) -> None:
    code, said = refused(tmp_path / "home", *options)
    assert code == 2
    assert options[0] in said
    assert not os.path.exists(tmp_path / "home")
