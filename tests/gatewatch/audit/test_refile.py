"""A second sink that somebody touched is begun anew; what was there stays as evidence, and the trail tells."""

import pytest

from gatewatch.audit.refile import refile
from gatewatch.audit.second_sink import SecondSink
from gatewatch.audit.verify import verify_sink
from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from tests.kit.audit_stage import Stage


def test_the_new_file_is_whole_and_the_old_one_aside(stage: Stage) -> None:
    stage.write(5)
    stage.seal()
    stage.home.audit_file.write_text("nothing left\n")
    with ControlStore.open(stage.home.control, actor="alice") as store:
        moved, sealed = refile(stage.home, store, stage.vault, None)
        (entry,) = store.audit_entries(1)
    assert moved is not None
    assert moved.read_text() == "nothing left\n"
    assert sealed.problems == {}
    assert stage.home.audit_file.read_text().count("\n") == 6
    assert verify_sink(stage.home.audit_file, stage.home.control, stage.key, stage.kept).ok
    assert (entry.actor, entry.action, entry.target) == ("alice", "audit.refile", str(stage.home.audit_file))
    assert entry.after is not None
    assert entry.after["records"] == 5


def test_where_there_is_to_be_no_file_there_is_none_to_begin(stage: Stage) -> None:
    stage.write(1)
    stage.seal(SecondSink(None))
    with ControlStore.open(stage.home.control) as store, pytest.raises(UsageError, match="none"):
        refile(stage.home, store, stage.vault, None)
