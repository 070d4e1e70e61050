"""What a kept reply takes."""

from proxy.worker.caching.entry import OVERHEAD_BYTES
from tests.proxy.worker.caching.test_entries import entry


def test_small_replies_take_room_too() -> None:
    assert entry(0, last=b"12345").size == OVERHEAD_BYTES + 5
