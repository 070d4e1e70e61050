"""A deferral that has been stored is one of a call that comes later."""

from gatewatch.deferred.entry import Entry
from proxy.worker.deferred.deferral import Deferral


def test_what_was_stored_comes_later() -> None:
    entry = Entry(
        id="c1", way="batch", accepted_at=1, deadline=2, kid="k", key_id="k", team=None, endpoint="chat", route="r",
        provider="p", model="m",
    )  # fmt: skip
    assert not Deferral("taking", "batch", 2).is_later
    assert Deferral("running", "batch", 2, entry).is_later
