"""What `gatewatch doctor` says of limits, budgets, alerts, where alerts go, and metrics."""

from collections import Counter
from collections.abc import Callable, Iterator
from shlex import quote
from typing import Any

from app.finding import Finding
from gatewatch.actions.alerts import view
from gatewatch.config.alert_rules import alerts_of
from gatewatch.config.limit_rules import rules_of
from gatewatch.config.loading import Loaded
from gatewatch.config.models import Config
from gatewatch.config.names_of_nobody import names_of_nobody
from gatewatch.control.alerts import Alerts
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.limits.rule import Rule

Row = dict[str, Any]

MOST_ROWS = 10
"""Of one kind."""
SINK_ALARM, NOBODY_ALARM, ALERT_ALARM = "alert_sink:", "nobody:", "alert:"
"""How ids of alarms begin that are told here."""
NEXT = {
    "p95": "gatewatch show latency --by model", "ttft": "gatewatch show latency --by model",
    "errors": "gatewatch show errors --by provider", "5xx": "gatewatch show errors --by provider",
    "401": "gatewatch show errors --by provider", "429": "gatewatch show errors --by provider",
    "blocked": "gatewatch show calls --where status=blocked", "calls": "gatewatch show series",
    "unpriced": "gatewatch show calls --where cost=unpriced", "velocity": "gatewatch show spend --by key",
    "budget": "gatewatch budgets list", "forecast": "gatewatch budgets list",
    "key_age": "gatewatch providers rotate-key --help", "ledger_lag": "gatewatch ledger check",
    "slo": "gatewatch show routes", "error_budget": "gatewatch show routes", "breakers": "gatewatch show routes",
}  # fmt: skip
"""What is measured → what to look at."""


def of_rules(loaded: Loaded, store: ControlStore | None, budgets: list[Row] | None) -> Iterator[Finding]:
    """`budgets`: how full they are, as the view has it; None where no gateway tells. Raises sqlite3.Error."""
    made = store.rules() if store else ()
    rules = [*rules_of(loaded.config), *made]
    nobody = [*names_of_nobody(loaded.config, store)] if store else []
    for area, kind, nothing, next_step in (
        ("limits", "limit", "none: calls may come as fast as they like", "gatewatch limits set key --tier standard"),
        ("budgets", "budget", "none: nothing ends the spending", "gatewatch budgets set gateway --usd 500"),
    ):
        own = [rule for rule in rules if rule.kind == kind]
        yield Finding("ok", area, _counted(own)) if own else Finding("unused", area, nothing, next_step)
    for each in nobody:
        area = str(each.path[0])
        what = "this alert never fires for it" if area == "alerts" else "this rule holds for no call"
        where = f"{loaded.lines.where(each.path)}: {each.key}"
        yield Finding("broken", area, f"{where}: {each.found}: {what}", f"{each.allowed} (gatewatch teams, keys list)")
    spent = [row for row in budgets or () if (row["used"] or 0) >= 1]
    for row in spent[:MOST_ROWS]:
        yield _spent(row)
    if len(spent) > MOST_ROWS:
        yield Finding("broken", "budgets", f"{len(spent) - MOST_ROWS} more are spent", "gatewatch budgets list")


def of_alerts(config: Config, store: ControlStore, *, measured: bool) -> Iterator[Finding]:
    """What fires, and what alerts have in force. `measured`: whether spent budgets were told already."""
    alerts = {alert.name: alert for alert in alerts_of(config)}
    book = Alerts(store)
    rows = [view(row, book.silences()) for row in book.rows() if row.fires or row.actions]
    states = Counter(str(row["state"]) for row in rows)
    quiet = sum(row["silenced_until"] is not None for row in rows)
    counts = {"firing": states["firing"], "acknowledged": states["acknowledged"], "silenced": quiet}
    told = "".join(f", {n} {what}" for what, n in counts.items() if n)
    yield Finding("ok", "alerts", f"{len(alerts)} are watched{told or ', none fires'}")
    news = [row for row in rows if row["silenced_until"] is None and not row.get("outdone_by")]
    news = [row for row in news if row["state"] == "firing" or (row["state"] == "cleared" and row["actions"])]
    metric = {name: str(alert.when) for name, alert in alerts.items()}
    news = [row for row in news if not (measured and metric.get(str(row["alert"])) == "budget")]
    for row in news[:MOST_ROWS]:
        yield _fires(row, metric.get(str(row["alert"])))
    if len(news) > MOST_ROWS:
        yield Finding("broken", "alerts", f"{len(news) - MOST_ROWS} more fire", "gatewatch alerts list")


def of_sinks(config: Config, resolved: Callable[[str], object], alarms: list[Row]) -> Iterator[Finding]:
    """`resolved` raises GatewatchError where a secret is not there."""
    wrong = {alarm["id"]: str(alarm["text"]) for alarm in alarms}
    if not config.alert_sinks:
        how = "alert_sinks: {NAME: {url: vault:NAME, allow_hosts: [HOST], secret: vault:OTHER}} in the configuration"
        yield Finding("unused", "alert sinks", "none: alerts stand in the log and the console alone", how)
    for name, sink in config.alert_sinks.items():
        asks = f"gatewatch alerts test {name}"
        try:
            for reference in filter(None, (sink.url, sink.secret)):
                resolved(reference)
        except GatewatchError as error:
            yield Finding("broken", f"sink {name}", error.title, error.next_step or asks)
            continue
        if said := wrong.get(f"{SINK_ALARM}{name}"):
            yield Finding("broken", f"sink {name}", said, asks)
        else:
            what = f"{sink.shape}, to {', '.join(sink.allow_hosts)}, from {sink.severity} on; {asks} tries it"
            yield Finding("ok", f"sink {name}", what)


def of_metrics(config: Config) -> Finding:
    listen = config.metrics.listen
    if listen is None:
        how = "metrics: {listen: 127.0.0.1:9464} in the configuration"
        return Finding("unused", "metrics", "the control API alone answers GET /metrics", how)
    return Finding("ok", "metrics", f"{'https' if config.metrics.tls else 'http'}://{listen}/metrics")


def _counted(rules: list[Rule]) -> str:
    of_the_file = sum(rule.managed_by == "config" for rule in rules)
    return f"{len(rules)}: {of_the_file} of the configuration, {len(rules) - of_the_file} of operators"


def _spent(row: Row) -> Finding:
    named = f"{row['scope']}/{row['name']}" if row["name"] else str(row["scope"])
    who = f"{named} ({row['key_name']})" if row["key_name"] else named
    unit, option = ("USD", "--usd") if row["measure"] == "usd" else ("tokens", "--tokens")
    until = f" until {row['resets_at']}" if row["resets_at"] else ""
    what = f"{row['rule']}: {who} has spent {row['used']:.0%} of {row['limit']} {unit}: its calls are refused{until}"
    of_each = "" if row["applies_to"] == named else f" (that lifts it for each {row['scope']})"
    grant = f'gatewatch budgets grant {quote(row["applies_to"])} {option} N --until 1d --reason "WHY"'
    return Finding("broken", "budgets", what, f"{grant} --budget {quote(row['rule'])}{of_each}")


def _fires(row: dict[str, object], metric: str | None) -> Finding:
    """One that is only told of breaks nothing."""
    is_over = row["state"] == "cleared"
    state = "ok" if row["severity"] == "info" and not row["actions"] else "broken"
    text = f"over, but not all that it did: {row['text']}" if is_over else str(row["text"])
    steps = [] if is_over or metric is None else [NEXT[metric]]
    steps.append(str(row["lift"] or f"gatewatch alerts ack {quote(str(row['id']))}"))
    return Finding(state, f"alert {row['alert']}", text, "\n".join(steps))
