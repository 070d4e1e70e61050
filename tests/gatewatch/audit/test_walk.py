"""One walk along a chain; what it finds in whole trails is told in test_verify."""

from gatewatch.audit.links import Link
from gatewatch.audit.record import GENESIS, hash_after, record_of_row
from gatewatch.audit.seals import AuditKey
from gatewatch.audit.walk import Expected, Walk

KEY = AuditKey(b"k" * 32)


def trail(length: int, sealed_to: int = 0, key: AuditKey = KEY) -> list[Link]:
    made, last = [], GENESIS
    for seq in range(1, length + 1):
        record = record_of_row((seq, seq, "a", "b", "c", None, None, "ok", None, None, None))
        last = hash_after(last, record)
        seal = key.seal(seq, last) if seq <= sealed_to else None
        made.append(Link(seq, record, last, seal, key.id if seal else None))
    return made


def test_an_empty_trail_is_whole() -> None:
    walk = Walk(Expected())
    assert walk.go([]) is None
    assert (walk.count, walk.last, walk.head) == (0, 0, GENESIS)


def test_a_whole_trail_is_counted() -> None:
    walk = Walk(Expected(KEY, 1, 3, {3: (trail(3)[-1].hash or "",)}))
    assert walk.go(trail(5, sealed_to=3)) is None
    assert (walk.count, walk.sealed, walk.unsealed, walk.elsewhere) == (5, 3, 2, 0)


def test_a_record_without_a_seal_between_sealed_ones_is_found_without_any_key() -> None:
    links = trail(5, sealed_to=5)
    links[2] = links[2]._replace(seal=None, key_id=None)
    broken = Walk(Expected()).go(links)
    assert broken is not None
    assert (broken.seq, broken.what) == (3, "not sealed")


def test_a_record_that_is_no_record_is_changed_also_as_the_last() -> None:
    broken = Walk(Expected()).go([*trail(2), Link(3, None, "ab" * 32, None, None)])
    assert broken is not None
    assert (broken.seq, broken.what, broken.text) == (
        3,
        "changed",
        "record 3 was changed, or put in there: its hash does not fit",
    )


def test_only_the_records_that_are_expected_may_be_there() -> None:
    some = [link for link in trail(6) if link.seq in (2, 5)]
    with_previous = [link._replace(previous=trail(6)[link.seq - 2].hash) for link in some]
    walk = Walk(Expected(), iter((2, 5, 6)))
    assert walk.go(with_previous) is None
    assert walk.next_expected() == 6
    broken = Walk(Expected(), iter((5,))).go(with_previous)
    assert broken is not None
    assert (broken.seq, broken.what) == (2, "inserted")
