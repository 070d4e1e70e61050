"""Bodies that are lost are said for as long as they are."""

import msgspec

from proxy.control.alarms import Alarms
from proxy.control.body_losses import BodyLosses
from proxy.worker.live import LiveState
from tests.proxy.control.test_quarantine import REPORT


def report(pid: int, dropped: int, error: str | None) -> LiveState:
    return msgspec.structs.replace(REPORT, pid=pid, bodies_dropped=dropped, bodies_error=error)


def test_losses_of_all_workers_are_counted_until_none_loses_any() -> None:
    alarms = Alarms()
    losses = BodyLosses(alarms)
    losses.take(report(1, 0, None))
    assert alarms.standing() == []
    for state in (report(1, 3, "the disk is nearly full"), report(2, 2, "the disk is nearly full"), report(1, 4, "x")):
        losses.take(state)
    (alarm,) = alarms.standing()
    assert alarm.text.startswith("Bodies of 6 calls were not kept: ")
    losses.take(report(1, 4, None))
    assert alarms.standing()
    losses.take(report(2, 2, None))
    assert alarms.standing() == []
