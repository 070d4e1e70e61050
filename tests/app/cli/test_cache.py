"""Kept replies at the command line, with two workers: what one has heard, the other has too."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.cli.main import main
from tests.kit.running import Gateway, gateway, sandbox
from tests.kit.waiting import eventually

CONFIG = """\
vault: file
workers: 2
providers:
  openai: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: env:SANDBOX_KEY, allow_private: true}}
models:
  bot: {{targets: [openai/gpt-4o-mini], cache: {{ttl: 10m, tags: [bots]}}}}
"""
ASKED = json.dumps({"model": "bot", "messages": [{"role": "user", "content": "hi"}]})


def call(gw: Gateway, secret: str, path: str = "/v1/chat/completions", body: str = ASKED) -> str:
    """On a connection of its own: whichever worker takes it. What the cache did."""
    connection = http.client.HTTPConnection(urlsplit(gw.running.listen).netloc)
    try:
        connection.request("POST", path, body, {"Authorization": f"Bearer {secret}"})
        reply = connection.getresponse()
        said = reply.read()
        assert reply.status == 200, said
        return reply.getheader("x-gatewatch-cache") or said.decode()
    finally:
        connection.close()


@pytest.mark.slow
async def test_what_is_invalidated_is_given_by_no_worker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_KEY", "sk-of-the-sandbox")
    with sandbox(tmp_path) as provider, gateway(tmp_path, CONFIG.format(sandbox=provider.listen)) as gw:
        secret = gw.key("app")

        def entries() -> int:
            return int(gw.ask("cache", "stats")[-1]["entries"])

        def both_have_it() -> bool:
            call(gw, secret)
            return entries() == 2

        await eventually(both_have_it)
        assert gw.ask("cache", "invalidate", "--tag", "bots") == {"invalidated": 2, "workers": 2, "of_workers": 2}
        await eventually(both_have_it)
        assert json.loads(call(gw, secret, "/v1/cache/invalidate", '{"route": "bot"}')) == {"invalidated": 1}
        await eventually(lambda: entries() == 0)
        assert main(["cache", "invalidate", "--home", str(gw.home)]) == 2
        assert "by route, model, tag, team" in capsys.readouterr().err
        assert main(["cache", "stats", "--home", str(gw.home)]) == 0
        assert "all" in capsys.readouterr().out
