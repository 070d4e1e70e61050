"""Keys of another home are taken over, line by line."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatewatch.keys import token

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]

KEY = {"id": "carried1", "name": "app", "team": "search", "max_usd": "2.5"}


def written(tmp_path: Path, *lines: object) -> str:
    file = tmp_path / "keys.jsonl"
    file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return str(file)


def test_what_one_home_exports_another_imports(
    run: Run, made: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made("one", "--service", "bot")
    made("two", team="billing")
    exported = run("export")[1]
    file = tmp_path / "keys.jsonl"
    file.write_text(exported)
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "there"))
    code, _, err = run("import", str(file), "--create-teams")
    assert code == 0
    assert "2 of 2 keys were imported" in err
    assert run("export")[1] == exported


def test_secrets_are_made_only_where_they_are_asked_for(run: Run, ask: Ask, tmp_path: Path) -> None:
    (row,) = ask("import", written(tmp_path, KEY), "--create-teams")
    assert (row["result"], row["secret_file"]) == ("imported", None)
    assert ask("show", "carried1")["secrets"] == []
    assert "none yet" in run("show", "carried1")[1]
    second = KEY | {"id": "carried2"}
    folder = tmp_path / "secrets"
    (row,) = ask("import", written(tmp_path, second), "--secret-dir", str(folder))
    path = Path(row["secret_file"])
    assert token.parse(path.read_text().strip()) is not None
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)


def test_a_line_that_does_not_fit_is_named_and_keeps_no_other(run: Run, made: Ask, ask: Ask, tmp_path: Path) -> None:
    made("first")
    hostile = "gwk_sk_live_" + "x" * 57
    file = written(
        tmp_path,
        KEY,
        KEY | {"name": "again"},
        KEY | {"id": "carried2", "digest": "00"},
        "{not json",
        '{"id": "carried3", "id": "carried4", "name": "x", "team": "search"}',
        KEY | {"id": "../../etc"},
        KEY | {"id": "carried5", "team": "nobody"},
        KEY | {"id": "carried6", "name": hostile},
        KEY | {"id": "carried8", hostile: hostile},
        "",
        KEY | {"id": "carried7", "name": "last"},
    )
    code, out, err = run("import", file, "--secret-dir", str(tmp_path / "s"), "-o", "json")
    assert code == 1
    assert "2 of 10 keys were imported" in err
    results = {row["line"]: row["result"] for row in json.loads(out)}
    assert [line for line, result in results.items() if result == "imported"] == [1, 11]
    for line, word in (
        (2, "earlier line"),
        (3, "digest"),
        (4, "JSON"),
        (5, "twice"),
        (6, "id"),
        (7, "nobody"),
        (8, "secret"),
    ):
        assert word in results[line], (line, results[line])
    assert hostile not in out + err
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["carried1", "carried7"]
    assert [row["id"] for row in ask("list")[1:]] == ["carried1", "carried7"]


def test_a_file_that_is_none_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    assert run("import", str(tmp_path / "nowhere"))[0] == 2
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert run("import", str(tmp_path / "binary"))[0] == 2
