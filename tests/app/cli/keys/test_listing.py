"""The list of keys, and what it marks."""

import csv
import io
from collections.abc import Callable
from typing import Any

from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from tests.kit.paused import pause

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_keys_that_end_soon_are_found_and_marked(run: Run, made: Ask, ask: Ask) -> None:
    made("job", "--ttl", "15m")
    made("app", "--user", "ada")
    assert names(ask("list", "--expiring")) == ["job"]
    assert names(ask("list", "--expiring", "10m")) == []
    assert ask("list")[0]["marks"] == ["expiring"]
    assert "expiring" in run("list")[1]
    assert names(ask("list", "--owner", "ada")) == ["app"]
    assert names(ask("list", "--unused", "30d")) == []


def test_old_secrets_states_and_kinds(made: Ask, ask: Ask) -> None:
    made("app")
    made("boss", "--kind", "admin")
    ask("rotate", "app", "--yes")
    assert names(ask("list", "--old-secrets")) == ["app"]
    assert names(ask("list", "--kind", "admin")) == ["boss"]
    ask("revoke", "app", "--yes")
    assert names(ask("list", "--state", "revoked")) == ["app"]
    assert names(ask("list", "--old-secrets")) == []


def test_csv_names_the_owner(run: Run, made: Ask) -> None:
    made("app", "--service", "bot")
    (row,) = csv.DictReader(io.StringIO(run("list", "-o", "csv")[1]))
    assert (row["owner"], row["state"]) == ("bot", "active")


def test_how_a_paused_key_is_resumed_is_told_beside_the_list_and_with_the_key(run: Run, made: Ask, home: Home) -> None:
    key = made("app")
    with ControlStore.open(home.control, actor="gateway") as store:
        pause(store, key["id"])
    lift = f"`gatewatch alerts ack 'drain|key/{key['id']}' --resume`"
    code, out, err = run("list")
    assert code == 0
    assert "paused" in out
    assert lift in err
    assert lift in run("show", "app")[1]
