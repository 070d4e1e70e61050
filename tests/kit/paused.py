"""A key that an alert has paused."""

from gatewatch.control.alerts import AlertRow, Alerts, Effect
from gatewatch.control.store import ControlStore


def pause(store: ControlStore, key_id: str) -> None:
    """As `drain` does it."""
    row = AlertRow(
        id=f"drain|key/{key_id}", alert="drain", subject=f"key/{key_id}", state="firing", severity="warning",
        value="9 ×", threshold="5 ×", text="", since=1_000_000, changed_at=1_000_000,
        actions=(Effect(kind="pause", scope="key", name=key_id),),
    )  # fmt: skip
    Alerts(store).settle(fired=[row])
