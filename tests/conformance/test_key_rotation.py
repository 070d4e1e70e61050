"""A virtual key is rotated while 200 calls a second and their streams use it: nobody notices, and it can be proven."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.kit.running import gateway, sandbox
from tests.kit.steady_load import SteadyLoad
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

CONFIG = """\
vault: file
providers:
  sandbox: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: "file:{key}", allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o-mini]}}
"""


async def test_a_key_is_rotated_under_load_and_no_call_fails(tmp_path: Path) -> None:
    key = tmp_path / "provider.key"
    key.write_text("sk-of-the-provider")
    key.chmod(0o600)
    with sandbox(tmp_path) as provider:
        config = CONFIG.format(sandbox=provider.listen, key=key)
        with gateway(tmp_path, config, "--workers", "2") as served:
            made = served.ask("keys", "create", "app", "--team", "search", "--create-team", "--max-uses", "1000000")
            port = int(served.running.listen.rpartition(":")[2])
            in_use = made["secret"]
            async with SteadyLoad(port, lambda: in_use) as load:
                await until(lambda: len(load.told), lambda n: n >= 100)
                rotated = await asyncio.to_thread(
                    served.ask, "keys", "rotate", made["id"], "--grace", "1h", "--rotation-id", "deploy-1", "--yes"
                )
                old_side = len(load.told)
                await until(lambda: len(load.told), lambda n: n >= old_side + 200)  # the app still has the old one
                in_use, switched_at = rotated["secret"], time.monotonic()
                await until(lambda: load.told[-1].begun, lambda begun: begun > switched_at)
                new_side = len(load.told)
                await until(lambda: len(load.told), lambda n: n >= new_side + 200)
            assert [told for told in load.told if not told.is_whole] == []
            assert Counter(told.secret for told in load.told).keys() == {made["secret"], rotated["secret"]}
            assert sum(told.stream for told in load.told) >= 50

            assert (rotated["id"], rotated["team"]) == (made["id"], "search")
            calls = len(load.told)
            spend = await until(
                lambda: served.ask("show", "spend", "--by", "key"), lambda rows: rows and rows[0]["calls"] == calls
            )
            assert len(spend) == 1, "one key, one budget"
            shown = served.ask("keys", "show", made["id"])
            assert shown["used"]["uses"] == calls, "what it has used goes on counting"
            deeds = [(row["action"], row["target"], row["result"]) for row in served.ask("audit", "list")]
            assert deeds.count(("key.create", made["id"], "ok")) == 1
            assert deeds.count(("key.rotate", made["id"], "ok")) == 1
            assert served.ask("audit", "verify")["ok"] is True
