"""What people are told of an alert."""

from gatewatch.alerts.alert import Alert, Reading, id_of
from gatewatch.alerts.amount import amount_text
from gatewatch.control.alerts import AlertRow, Effect, lifting
from gatewatch.safe_text import safe
from proxy.control.alerting.firing import Firing

MOST_TEXT = 400


def value_text(alert: Alert, reading: Reading) -> str:
    """`43 %`."""
    return amount_text(alert.unit, reading.value)


def threshold_text(alert: Alert) -> str:
    """`below 5`, `10 %`."""
    return f"{'below ' if alert.below else ''}{amount_text(alert.unit, alert.bound)}"


def line(alert: Alert, reading: Reading, effects: tuple[Effect, ...] = (), who: str | None = None) -> str:
    """`server-errors: route/chat: 43 % answers 5xx (22 of 51 calls in 5m); fires from 10 % on.`"""
    about = f"{reading.subject} ({who})" if who else reading.subject
    detail = f" ({reading.detail})" if reading.detail else ""
    from_where = threshold_text(alert) if alert.below else f"from {threshold_text(alert)} on"
    done = f" In force: {', '.join(map(str, effects))}.{_until(id_of(alert.name, reading.subject), effects)}"
    said = f"{alert.name}: {about}: {value_text(alert, reading)} {alert.metric.words}{detail}; fires {from_where}."
    return safe(said + (done if effects else ""), MOST_TEXT)


def over(row: AlertRow, why: str) -> str:
    """`slow: team/search: nothing is seen of it any more.`"""
    return safe(f"{row.alert}: {row.subject}{f' ({row.who})' if row.who else ''}: {why}.", MOST_TEXT)


def firing_of(row: AlertRow) -> Firing:
    """As sinks are told of it."""
    cleared = not row.fires
    stays = f" Still in force: {', '.join(map(str, row.actions))}.{_until(row.id, row.actions)}"
    return Firing(
        id=row.id,
        alert=row.alert,
        subject=row.subject,
        state="cleared" if cleared else "firing",
        severity=row.severity,
        value=row.value,
        threshold=row.threshold,
        since=row.since,
        at=row.changed_at,
        text=f"Over: {row.text}{stays if row.actions else ''}" if cleared else row.text,
        actions=tuple(map(str, row.actions)),
    )


def _until(id: str, effects: tuple[Effect, ...]) -> str:
    """How what stays is ended."""
    is_to_be_ended = any(each.kind == "pause" for each in effects)
    return f" A paused key stays paused until `{lifting(id)}`." if is_to_be_ended else ""
