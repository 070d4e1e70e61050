"""`gatewatch _traffic`: told on stdin, so that no key stands in its arguments."""

import asyncio
import json
import subprocess
import sys

from app.demo.traffic import TEAMS
from tests.kit.running import ROOT
from tests.kit.scripted_upstream import answers, http, scripted_upstream


async def test_it_calls_with_the_keys_that_it_was_told_and_ends() -> None:
    keys = {team: f"key-of-{team}" for team in TEAMS}
    async with scripted_upstream(answers(*[http(200, b"{}")] * 50)) as upstream:
        told = {"base_url": upstream.url.removesuffix("/v1"), "keys": keys}
        pipe = subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gatewatch", "_traffic", "--seconds", "1"),
            cwd=ROOT,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
        out, errors = await process.communicate(json.dumps(told).encode())
        assert (process.returncode, out, errors) == (0, b"", b"")
        used = {request.headers["authorization"] for request in upstream.requests}
    assert used
    assert used <= {f"Bearer {key}" for key in keys.values()}
