"""Routes at the command line, on a home without a gateway."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.main import main
from gatewatch.control.route_versions import RouteVersions, WrittenBy
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

Run = Callable[..., tuple[int, str, str]]
FILE = """
providers:
  openai: {dialect: openai-chat, base_url: "https://openai.example/v1", api_key: none}
  groq: {dialect: openai-chat, base_url: "https://groq.example/v1", api_key: none}
models:
  chat: {targets: [openai/gpt-4o, groq/llama]}
"""


def version(name: str, *models: str) -> dict[str, Any]:
    targets = [{"provider": "openai", "model": model, "weight": 1} for model in models]
    return {"name": "chat", "version": name, "targets": targets, "deadlines": {"total": 600.0}, "strategy": "order"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path / "home").make()
    monkeypatch.setenv("GATEWATCH_HOME", str(made.root))
    return made


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatewatch …`: exit code, stdout, stderr. Two versions of `chat` are known."""
    home.config.write_text(FILE)
    with ControlStore.open(home.control) as store:
        for made in (version("aa11", "gpt-4"), version("bb22", "gpt-4o")):
            RouteVersions(store).note({"chat": made}, WrittenBy(config="c"))

    def gatewatch(*argv: str) -> tuple[int, str, str]:
        code = main(list(argv))
        said = capsys.readouterr()
        return code, said.out, said.err

    return gatewatch


def test_routes_are_listed_with_what_is_in_force_over_them(run: Run) -> None:
    run("routes", "canary", "chat", "--to", "groq/small", "--share", "5%")
    code, out, _ = run("routes", "list")
    assert code == 0
    assert "openai/gpt-4o, groq/llama" in out
    assert "canary 5% to groq/small" in out
    (row,) = json.loads(run("routes", "list", "-o", "json")[1])
    assert (row["route"], row["version"], row["overrides"][0]["id"]) == ("chat", "bb22", "canary:chat")


def test_targets_of_other_than_ordinary_calls_are_listed_with_what_they_are_for(run: Run, home: Home) -> None:
    home.config.write_text(FILE.replace("groq/llama]}", "groq/llama], classes: {code: [groq/coder]}}"))
    assert "code (groq/coder)" in run("routes", "list")[1]


def test_a_home_where_nothing_was_made_yet_has_no_routes(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "list", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["show", "routes", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_rollback_is_one_command_and_so_is_its_end(run: Run) -> None:
    _, out, err = run("routes", "rollback", "chat", "--dry-run")
    assert ("openai/gpt-4o" in out, "1970" in out, "nothing was done" in err) == (True, False, True)
    code, out, _ = run("routes", "rollback", "chat", "--reason", "slow", "--for", "2h", "-o", "json")
    told = json.loads(out)
    assert (code, told["version"], told["instead_of"], told["reason"]) == (0, "aa11", "bb22", "slow")
    assert "rolled back" in run("routes", "list")[1]
    assert run("routes", "rollback", "chat", "--lift")[0] == 0
    code, _, err = run("routes", "rollback", "chat", "--lift")
    assert (code, "not rolled back" in err) == (3, True)
    assert run("routes", "rollback", "chat", "--lift", "--reason", "x")[0] == 2


def test_versions_are_shown_and_compared(run: Run) -> None:
    assert [row["version"] for row in json.loads(run("routes", "versions", "chat", "-o", "json")[1])] == [
        "bb22",
        "aa11",
    ]
    assert "openai/gpt-4o" in run("routes", "diff", "chat")[1]
    (difference,) = json.loads(run("routes", "diff", "chat", "aa", "bb", "-o", "json")[1])["differences"]
    assert difference == {"key": "targets", "then": ["openai/gpt-4"], "now": ["openai/gpt-4o"]}
    assert "deadlines.total" in run("routes", "show", "chat")[1]
    assert json.loads(run("routes", "show", "chat", "--version", "aa", "-o", "json")[1])["in_force"] is False
    assert "in_force" in run("routes", "versions", "chat")[1]


def test_a_target_is_drained_and_may_be_used_again(run: Run) -> None:
    code, out, err = run("routes", "drain", "groq/llama", "--wait", "-o", "json")
    assert (code, json.loads(out)["in_flight"], err) == (0, None, "")
    assert "drained" in run("routes", "list")[1]
    code, _, err = run("routes", "drain", "openai")
    assert (code, "--force" in err) == (4, True)
    code, _, err = run("routes", "drain", "openai", "--force")
    assert (code, "no other target for chat" in err) == (0, True)
    assert run("routes", "undrain", "groq/llama")[0] == 0


def test_a_canary_goes_on_in_steps_of_shares_and_teams(run: Run) -> None:
    main(["teams", "create", "search"])
    steps = ("--steps", "1%, search ,50%", "--every", "10m", "-o", "json")
    code, out, _ = run("routes", "canary", "chat", "--to", "groq/small", *steps)
    made = json.loads(out[out.index('{"id"') :])
    assert (code, made["share"], made["steps"], made["every"]) == (0, "1%", ["search", "50%"], "10m")
    assert json.loads(run("routes", "canary", "chat", "--share", "2%", "-o", "json")[1])["share"] == "2%"
    assert run("routes", "canary", "chat", "--lift")[0] == 0
    assert run("routes", "canary", "chat", "--share", "5")[0] == 2
    assert run("routes", "canary", "chat", "--to", "groq/x", "--steps", "5%", "--every", "soon")[0] == 2


BUSY = """vault: file
providers:
  lab: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  busy: {{targets: [lab/gpt-4o, lab/gpt-4o-mini]}}
  idle: {{targets: [lab/gpt-4o, lab/gpt-4o-mini]}}
"""


@pytest.mark.slow
async def test_a_drain_for_one_route_waits_for_its_calls_alone_and_says_that_none_runs_any_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sandbox(tmp_path) as provider, gateway(tmp_path, BUSY.format(sandbox=provider.listen)) as running:
        headers = {"authorization": f"Bearer {running.key('app')}", "x-sandbox-latency-ms": "60000"}
        body = {"model": "busy", "messages": [{"role": "user", "content": "hello"}]}
        async with httpx.AsyncClient(timeout=120) as client:
            call = asyncio.create_task(client.post(f"{running.base_url}/chat/completions", headers=headers, json=body))

            def in_flight() -> dict[str, int]:
                rows = running.ask("show", "routes")
                return {row["route"]: row["in_flight"] for row in rows if row["target"] == "lab/gpt-4o"}

            await until(lambda: asyncio.to_thread(in_flight), lambda found: found == {"busy": 1, "idle": 0})
            options = ("--route", "idle", "--wait", "--home", str(running.home), "-o", "json")
            code = await asyncio.to_thread(main, ["routes", "drain", "lab/gpt-4o", *options])
            said = capsys.readouterr()
            call.cancel()
    assert (code, json.loads(said.out)["in_flight"]) == (0, 0)
    assert "no calls run any more at lab/gpt-4o for idle" in said.err


def test_the_audits_table_says_what_was_put_over_a_route(run: Run) -> None:
    run("routes", "canary", "chat", "--to", "groq/small", "--steps", "5%,50%", "--every", "10m")
    run("routes", "drain", "groq/small", "--route", "chat", "--for", "1h")
    assert "share 5%, target groq/small, steps (50%)" in run("audit", "list", "--action", "route.canary")[1]
    assert "target groq/small, until 2" in run("audit", "list", "--action", "route.drain")[1]
