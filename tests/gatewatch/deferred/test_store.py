"""Deferred calls are safe once they are taken, private, and gone when they are deleted."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.call import Attempt, Call
from gatewatch.deferred.entry import Batch, Ended, Entry, Text
from gatewatch.deferred.store import KNOWN_US, DeferredStore, Full

HOUR = 3_600_000_000
PROMPT = b'{"model":"chat","messages":[{"role":"user","content":"a prompt that nobody else may read"}]}'
REPLY = b'{"choices":["a reply that nobody else may read"]}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deferred.db"


@pytest.fixture
def store(path: Path) -> Iterator[DeferredStore]:
    made = DeferredStore(path)
    yield made
    made.close()


def entry(id: str = "c1", **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "way": "batch", "accepted_at": 1, "deadline": 2, "kid": "kid", "key_id": "key", "team": "search",
        "endpoint": "chat", "route": "chat", "provider": "openai", "model": "gpt-4o-mini",
    }  # fmt: skip
    return Entry(id=id, **given | fields)


def text(id: str = "c1") -> Text:
    return Text(headers={"anthropic-version": "2023-06-01"}, body=PROMPT, call=Call(call_id=id, started_at=1))


def add(store: DeferredStore, id: str = "c1", *, most_calls: int = 100, most_bytes: int = 2**20, **fields: Any) -> None:
    store.add(entry(id, **fields), text(id), most_calls=most_calls, most_bytes=most_bytes)


def end(store: DeferredStore, id: str = "c1", status: int = 200) -> None:
    call = Call(call_id=id, started_at=1, latency_us=HOUR, cost_picos=7)
    tried = Attempt(call_id=id, started_at=2, n=1, provider="openai", model="gpt-4o-mini")
    found = store.find(id)
    assert found
    headers = [("content-type", "application/json")]
    store.end(found, Ended(status=status, headers=headers, body=REPLY, call=call, attempts=[tried]))


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_what_was_added_is_there_again_as_it_was(store: DeferredStore, path: Path) -> None:
    add(store, held_tokens=5, held_picos=0)
    other = DeferredStore(path)
    found = other.find("c1")
    assert found == entry(held_tokens=5, held_picos=0, bytes=len(PROMPT) + 10)
    assert other.text("c1") == text()
    assert other.find("c2") is None
    other.close()


def test_what_was_added_survives_a_kill_in_the_next_moment(path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from tests.gatewatch.deferred.test_store import add
from gatewatch.deferred.store import DeferredStore
add(DeferredStore(Path({str(path)!r})))
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    store = DeferredStore(path)
    assert [found.id for found in store.waiting()] == ["c1"]
    assert store.text("c1").body == PROMPT
    store.close()


def test_nobody_else_on_the_machine_can_read_it(store: DeferredStore, path: Path) -> None:
    add(store)
    assert {oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == {"0o600"}
    assert len(list(path.parent.iterdir())) > 1  # the log of changes is looked at as well


def test_commits_are_synced(store: DeferredStore) -> None:
    """Not only a killed process, a power cut as well."""
    (level,) = store._connection.execute("PRAGMA synchronous").fetchone()
    assert level == 2


def test_so_many_wait_and_no_more(store: DeferredStore) -> None:
    add(store, "c1", most_calls=2)
    add(store, "c2", most_calls=2)
    with pytest.raises(Full, match="2 calls wait already"):
        add(store, "c3", most_calls=2)
    end(store, "c1")
    add(store, "c3", most_calls=2)


def test_so_much_is_kept_and_no_more(store: DeferredStore) -> None:
    room = 2 * (len(PROMPT) + 10)
    add(store, "c1", most_bytes=room)
    add(store, "c2", most_bytes=room)
    with pytest.raises(Full, match="bytes"):
        add(store, "c3", most_bytes=room)


def test_when_it_has_ended_its_prompt_is_gone_and_its_reply_is_there(store: DeferredStore, path: Path) -> None:
    add(store)
    end(store)
    ended = store.ended("c1")
    assert ended is not None
    assert (ended.status, ended.body, ended.call.cost_picos, len(ended.attempts)) == (200, REPLY, 7, 1)
    assert store.text("c1").body == b""
    found = store.find("c1")
    assert found is not None
    assert (found.state, found.told, found.ended_at) == ("ended", "completed", 1 + HOUR)


def test_it_waits_to_be_recorded_before_it_is_done(store: DeferredStore) -> None:
    add(store)
    end(store)
    assert [found.state for found in store.waiting()] == ["ended"]
    store.recorded("c1")
    assert store.waiting() == []
    assert store.find("c1").state == "done"  # type: ignore[union-attr]


def test_what_is_kept_long_enough_is_deleted_from_the_disk(store: DeferredStore, path: Path) -> None:
    add(store)
    end(store)
    store.recorded("c1")
    assert store.purge(HOUR + HOUR, HOUR) == 0
    assert store.purge(HOUR + HOUR + 2, HOUR) == 1
    assert store.ended("c1") is None
    assert store.find("c1").told == "deleted"  # type: ignore[union-attr]
    store.close()
    assert b"nobody else may read" not in on_disk(path)


def test_what_has_not_been_recorded_is_not_deleted(store: DeferredStore) -> None:
    add(store)
    end(store)
    assert store.purge(HOUR * 1000, HOUR) == 0
    assert store.ended("c1") is not None


def test_that_it_was_there_is_forgotten_as_well_in_the_end(store: DeferredStore) -> None:
    add(store)
    end(store)
    store.recorded("c1")
    store.purge(HOUR * 3, HOUR)
    store.purge(KNOWN_US + 10, HOUR)
    assert store.find("c1") is None


def test_one_that_waits_is_cancelled_by_a_mark_that_no_step_of_its_run_takes_away(store: DeferredStore) -> None:
    add(store)
    before = store.find("c1")
    assert before
    store.cancel("c1", 99)
    before.state = "running"
    store.put(before)
    now = store.find("c1")
    assert now is not None
    assert (now.state, now.cancelled_at, now.told) == ("running", 99, "cancelling")


def test_one_that_has_ended_is_deleted_when_it_is_cancelled(store: DeferredStore) -> None:
    add(store)
    end(store)
    store.recorded("c1")
    was = store.cancel("c1", 99)
    assert was is not None
    assert was.told == "completed"
    assert store.ended("c1") is None


def test_tries_that_are_over_are_kept(store: DeferredStore) -> None:
    add(store)
    found = store.find("c1")
    assert found
    found.tries, found.lost_picos = 1, 5
    tried = Attempt(call_id="c1", started_at=2, n=1, provider="openai", model="gpt-4o-mini", status="error")
    store.put(found, earlier=[tried])
    assert store.text("c1").earlier == [tried]
    assert store.find("c1") == found


def test_they_are_listed_by_team_the_newest_first(store: DeferredStore) -> None:
    for id, team in (("c1", "search"), ("c2", "support"), ("c3", "search")):
        add(store, id, team=team)
    assert [each.id for each in store.listed()] == ["c3", "c2", "c1"]
    assert [each.id for each in store.listed("search")] == ["c3", "c1"]
    assert [each.id for each in store.listed(most=1)] == ["c3"]


def test_batches_are_known_until_they_are_over(store: DeferredStore) -> None:
    batch = Batch(
        id="b1", provider="openai", key_id="main", dialect="openai-chat", model="gpt-4o-mini", endpoint="chat",
        submitted_at=1, next_at=2,
    )  # fmt: skip
    store.put_batch(batch)
    batch.upstream_id, batch.stopping = "batch_1", True
    store.put_batch(batch)
    assert store.batches() == [batch]
    store.drop_batch("b1")
    assert store.batches() == []


def test_two_processes_may_make_the_file_at_once(path: Path) -> None:
    stores = [DeferredStore(path) for _ in range(3)]
    for number, each in enumerate(stores):
        add(each, f"c{number}")
    assert len(stores[0].waiting()) == 3
    for each in stores:
        each.close()


def test_a_file_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "deferred.db"
    broken.write_bytes(os.urandom(4096))
    with pytest.raises(sqlite3.DatabaseError):
        DeferredStore(broken)
