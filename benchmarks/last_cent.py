"""A hundred calls at once where a budget has one cent left, a hundred times: how much is spent beyond it.

Each round is a new key with a budget of a cent of its own. Four client processes open all their connections, then send
at the same moment. What may be spent beyond the cent is what one call had reserved, at most; calls cost a little more
here than was reckoned with, so that some is. What was spent is what the ledger says.

    python -m benchmarks last_cent [--rounds 100] [--calls 100] [--workers 4]

Several workers count together in a redis-server that is started for it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.limits_store import store_server
from benchmarks.load.at_once import Volley
from benchmarks.versions import ROOT
from gatewatch.control_client import ControlClient
from gatewatch.paths import Home

CENT = Decimal("0.01")
PROCESSES = 4
INPUT, OUTPUT = 12, 60
"""Tokens that the provider reports; a fifth more input than the gateway reckons with."""
MAX_TOKENS = 60
CONFIG = """\
vault: file
listen: 127.0.0.1:0
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o]}}
budgets:
  cent: {{scope: key, usd: 0.01, period: month}}
"""
_BODY = json.dumps(
    {"model": "chat", "max_tokens": MAX_TOKENS, "messages": [{"role": "user", "content": "What is left of a cent?"}]}
)
_USAGE = json.dumps({"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT})


class Round(NamedTuple):
    """What one round came to; USD."""

    served: int
    refused: int
    other: int
    spent: Decimal
    most_reserved: Decimal

    @property
    def beyond(self) -> Decimal:
        """What was spent beyond the cent."""
        return max(Decimal(0), self.spent - CENT)

    @property
    def holds(self) -> bool:
        """Whether that is no more than one call's reservation, and the cent was used."""
        return self.beyond <= self.most_reserved and self.other == 0 and self.served > 0 and self.refused > 0


def a_round(control: ControlClient, listen: str, volley: Volley, number: int, calls: int) -> Round:
    """With a key of its own."""
    key = {"name": f"round-{number}", "team": "rounds", "create_team": True}
    secret = control.request("POST", "/v1/actions/keys.create", key)["secret"]
    request = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(_BODY)}\r\nConnection: close\r\n"
        f"x-sandbox-usage: {_USAGE}\r\nx-sandbox-latency-ms: 20\r\n\r\n{_BODY}"
    )
    replies = volley.fire(int(listen.rpartition(":")[2]), [request] * calls)
    served = sum(reply.status == 200 for reply in replies)
    refused = sum(reply.status == 429 and "budget_exceeded" in reply.body for reply in replies)
    rows: list[dict[str, Any]] = []
    while len(rows) < served:
        asked = {"where": f"key=round-{number} status=ok", "limit": 500}
        rows = control.request("POST", "/v1/query/calls", asked)["rows"]
    spent = sum((Decimal(row["cost_usd"]) for row in rows), Decimal(0))
    (whole,) = control.request("POST", "/v1/query/call", {"call_id": rows[0]["call_id"]})["rows"]
    return Round(served, refused, calls - served - refused, spent, Decimal(whole["reserved_usd"]))


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """A command of ours that serves; where it listens."""
    command = [sys.executable, "-m", "gatewatch", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout
        yield json.loads(process.stdout.readline())["listen"]
    finally:
        process.terminate()
        process.communicate()


def main(arguments: list[str]) -> int:
    """1 where a round was overspent by more than one reservation."""
    parser = argparse.ArgumentParser(prog="benchmarks last_cent", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(serving("sandbox", "--port", "0", "--no-key"))
        config = CONFIG.format(sandbox=sandbox)
        if args.workers > 1:
            store = stack.enter_context(store_server(folder))
            config += f"workers: {args.workers}\nstores: {{limits: '{store}'}}\n"
        (folder / "gatewatch.yaml").write_text(config)
        home = folder / "home"
        options = ("--home", str(home), "--config", str(folder / "gatewatch.yaml"), "--port", "0")
        listen = stack.enter_context(serving("serve", *options))
        volley = stack.enter_context(Volley(PROCESSES))
        control = stack.enter_context(ControlClient(Home(home).socket))
        rounds = [a_round(control, listen, volley, number, args.calls) for number in range(args.rounds)]
        verified = control.request("POST", "/v1/actions/budgets.verify", {})
    served = sorted(each.served for each in rounds)
    held = sum(each.holds for each in rounds)
    print(f"{held} of {len(rounds)} rounds of {args.calls} calls held: at most one reservation beyond the cent")
    print(f"served in a round: {served[0]} to {served[-1]}; reserved by a call: {rounds[0].most_reserved} USD")
    print(f"beyond the cent at most: {max(each.beyond for each in rounds)} USD")
    print(f"counters compared with the ledger: {verified['compared']}, different: {len(verified['differences'])}")
    skipped = bool(verified["skipped"]) and args.workers == 1  # a store is compared by its tests
    return int(held < len(rounds) or bool(verified["differences"]) or skipped)
