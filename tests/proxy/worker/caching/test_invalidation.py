"""Labels: every entry that an invalidation concerns has one of its labels."""

from hypothesis import given

from proxy.worker.caching.entry import Entry
from proxy.worker.caching.invalidation import Invalidation, entry_labels
from tests.proxy.worker.caching.test_entries import asked, some


@given(some, asked)
def test_what_is_concerned_has_a_label_of_it(entry: Entry, which: Invalidation) -> None:
    if which.concerns(entry):
        assert set(which.labels()) & set(entry_labels(entry))


def test_a_tenants_labels_are_nobody_elses() -> None:
    own = Invalidation(tenants=("team:search",), tags=("prices",)).labels()
    assert own == ["team:search|tag:prices"]
    assert Invalidation(tags=("prices",)).labels() == ["tag:prices"]
    assert Invalidation().labels() == [""]
