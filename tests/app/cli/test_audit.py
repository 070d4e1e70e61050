"""`gatewatch audit` and `gatewatch show audit`, as scripts and auditors use them."""

import json
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import main
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    def gatewatch(*argv: str) -> tuple[int, str, str]:
        code = main([*argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    gatewatch("keys", "create", "app", "--team", "search", "--create-team", "--vault", "file")
    return gatewatch


def test_who_did_what_is_listed_by_both_commands(run: Run) -> None:
    code, out, err = run("audit", "list", "--action", "key.*", "-o", "json")
    (entry,) = json.loads(out)
    assert (code, err, entry["action"], entry["result"]) == (0, "", "key.create", "ok")
    shown = json.loads(run("show", "audit", "-o", "json")[1])
    assert shown == json.loads(run("audit", "list", "-o", "json")[1])
    assert len(json.loads(run("show", "audit", "--limit", "2", "-o", "json")[1])) == 2
    assert json.loads(run("show", "audit", "--until", "1h", "-o", "json")[1]) == []
    assert "key.create" in run("show", "audit")[1]
    code, _, err = run("show", "audit", "--by", "team")
    assert (code, "audit list" in err) == (2, True)


def test_more_than_a_page_is_listed(run: Run, home: Home) -> None:
    with ControlStore.open(home.control, actor="alice") as store, store.change():
        for n in range(700):
            store.trail.add("price.set", f"m{n}")
    rows = json.loads(run("audit", "list", "--limit", "650", "-o", "json")[1])
    assert [row["target"] for row in rows] == [f"m{n}" for n in range(699, 49, -1)]


def test_a_whole_trail_is_0_and_prints_an_anchor_that_is_good_later(run: Run) -> None:
    code, out, err = run("audit", "verify", "-o", "json")
    told = json.loads(out)
    assert (code, err, told["ok"], told["broken"]) == (0, "", True, None)
    assert told["anchor"] in run("audit", "verify")[1].split()
    run("teams", "create", "sales")
    code, _, err = run("audit", "verify", "--anchor", told["anchor"])
    assert code == 0
    code, _, err = run("audit", "verify", "--anchor", "gwaudit1:nothing")
    assert code == 2


def test_a_touched_store_is_1_and_the_record_is_named(run: Run, home: Home) -> None:
    connection = sqlite3.connect(home.control)
    connection.execute("DROP TRIGGER audit_is_not_changed")
    connection.execute("UPDATE audit SET actor = 'mallory' WHERE seq = 3")
    connection.commit()
    connection.close()
    code, out, err = run("audit", "verify", "-o", "json")
    assert (code, json.loads(out)["broken"]["seq"]) == (1, 3)
    assert f"{home.control}: record 3 was changed" in err
    assert "audit_is_not_changed" in err


def test_a_touched_file_is_1_and_can_be_accepted(run: Run, home: Home) -> None:
    lines = home.audit_file.read_text().splitlines(keepends=True)
    home.audit_file.write_text("".join(lines[:-1]))
    code, _, err = run("audit", "verify")
    assert (code, f"cut off after record {len(lines) - 1}" in err) == (1, True)
    code, _, err = run("audit", "accept", "--reason", "disk full")
    assert (code, "cut off after" in err, "--yes" in err) == (2, True, True)  # no terminal to ask on
    assert run("audit", "accept", "--reason", "disk full", "--yes")[0] == 0
    code, _, err = run("audit", "verify")
    assert (code, "accepted with record" in err, "(disk full)" in err) == (0, True, True)
    assert run("audit", "accept", "--reason", "again", "--yes")[0] == 2


@pytest.mark.parametrize("form", ["jsonl", "cef", "ocsf"])
def test_an_export_goes_to_stdout_or_to_a_private_new_file(run: Run, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"trail.{form}"
    code, out, err = run("audit", "export", "--as", form, "--out", str(path))
    assert (code, out, err) == (0, "", "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    code, out, _ = run("audit", "export", "--as", form, "--action", "key.create")
    assert code == 0
    assert len(out.splitlines()) == (2 if form == "jsonl" else 1)
    before = path.read_bytes()
    assert run("audit", "export", "--out", str(path))[0] == 2
    assert path.read_bytes() == before


def test_an_export_is_verified_like_the_trail(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    run("audit", "export", "--out", str(path))
    assert run("audit", "verify", str(path))[0] == 0
    path.write_text(path.read_text().replace('"actor":"', '"actor":"not-', 1))
    code, _, err = run("audit", "verify", str(path))
    assert (code, f"{path}: record 1 was changed" in err) == (1, True)


def test_without_a_home_there_is_nothing_to_list(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "list", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["audit", "verify"]) == 3
    assert not home.root.exists()


def test_a_time_that_is_none_is_a_usage_error(run: Run) -> None:
    code, _, err = run("audit", "list", "--since", "yesterday")
    assert (code, "--since" in err) == (2, True)


def test_a_step_of_something_longer_stands_first_in_its_cell(run: Run, home: Home) -> None:
    with ControlStore.open(home.control) as store:
        store.audit("provider_key.rotate", "openai", drain_us=600, awaiting="x" * 80, step="probed")
    _, table, _ = run("audit", "list", "--action", "provider_key.*")
    assert "step probed, awaiting x" in table
    (entry,) = json.loads(run("audit", "list", "--action", "provider_key.*", "-o", "json")[1])
    assert entry["after"]["step"] == "probed"
