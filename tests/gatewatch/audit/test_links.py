"""The store's entries as links: in order, whatever is in it, a few at a time."""

import tracemalloc

from gatewatch.audit.links import hash_before, hash_of, links, snapshot
from gatewatch.audit.record import GENESIS
from gatewatch.control.store import ControlStore
from tests.kit.audit_stage import Stage, hash_by_hand


def test_links_come_in_order_and_each_follows_on_the_one_before(stage: Stage) -> None:
    stage.write(3)
    stage.seal()
    with snapshot(stage.home.control) as connection:
        found = list(links(connection))
        assert [link.seq for link in links(connection, 1)] == [2, 3]
        assert [link.seq for link in links(connection, where="target = :t", values={"t": "openai/model-2"})] == [2]
        assert [hash_before(connection, seq) for seq in (1, 2, 3)] == [GENESIS, found[0].hash, found[1].hash]
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(audit)")]
        row = dict(zip(columns, connection.execute("SELECT * FROM audit WHERE seq = 1").fetchone(), strict=True))
    assert found[0].hash == hash_by_hand(GENESIS, row)
    assert found[0].follows(GENESIS)
    assert not found[1].follows(GENESIS)
    assert all(link.key_id == stage.key.id for link in found)


def test_what_is_damaged_is_a_link_without_a_record(stage: Stage) -> None:
    stage.write(2)
    with stage.tampering() as connection:
        connection.execute("UPDATE audit SET at = x'00' WHERE seq = 1")
        connection.execute("UPDATE audit_chain SET hash = x'00' WHERE seq = 2")
    with snapshot(stage.home.control) as connection:
        first, second = links(connection)
    assert (first.record, second.hash) == (None, None)
    assert not first.follows(GENESIS)
    assert hash_of(GENESIS, None) is None


def test_a_snapshot_cannot_write_and_sees_nothing_new(stage: Stage) -> None:
    stage.write(1)
    with snapshot(stage.home.control) as connection:
        assert len(list(links(connection))) == 1
        stage.write(1)
        assert len(list(links(connection))) == 1


def test_going_through_them_takes_no_memory_to_speak_of(stage: Stage) -> None:
    with ControlStore.open(stage.home.control, actor="alice") as store, store.change():
        for _ in range(5_000):
            store.trail.add("price.set", "x", after={"text": "y " * 900})
    with snapshot(stage.home.control) as connection:
        tracemalloc.start()
        count = sum(link.record is not None for link in links(connection))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 5_000
    assert peak < 1_000_000
