"""The control process is killed: workers serve and journal on, and the next one adopts them within two seconds."""

import socket
from contextlib import ExitStack
from pathlib import Path

import httpx

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

CONFIG = """\
vault: file
listen: 127.0.0.1:{port}
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  gpt-4o: {{targets: [sandbox/gpt-4o]}}
"""
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


async def test_workers_serve_on_and_are_adopted(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    home = Home(tmp_path / "home")
    with ExitStack() as processes:
        provider = processes.enter_context(sandbox(tmp_path))
        config = CONFIG.format(port=port, sandbox=provider.listen)
        first = processes.enter_context(gateway(tmp_path, config, "--port", str(port)))
        headers = {"authorization": f"Bearer {first.key('app')}"}
        async with httpx.AsyncClient(base_url=first.base_url, headers=headers) as client:
            replies = [await client.post("/chat/completions", json=BODY)]
            first.running.process.kill()
            first.running.process.wait()
            replies += [await client.post("/chat/completions", json=BODY) for _ in range(5)]
            second = processes.enter_context(gateway(tmp_path, config, "--port", str(port)))
            replies.append(await client.post("/chat/completions", json=BODY))
        assert {reply.status_code for reply in replies} == {200}
        assert second.running.ready["workers"] == first.running.ready["workers"], "the worker was not adopted"
        assert second.running.listen == first.running.listen
        served = {reply.headers["x-gatewatch-call-id"] for reply in replies}

        def ids() -> set[str]:
            return {row["call_id"] for row in second.ask("show", "calls")}

        assert await until(ids, lambda found: found >= served) == served
        with ControlClient(home.socket) as control:
            assert control.live()["alarms"] == []
