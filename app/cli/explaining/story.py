"""The whole story of a call, in the order in which it happened."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.cli.explaining.admission import limits, reckoned, way
from app.cli.explaining.configured import configured
from app.cli.explaining.kept import bodies, shape
from app.cli.explaining.lines import Row, field, fields, folded
from app.cli.explaining.money import cost
from app.cli.explaining.next_step import next_step
from app.cli.explaining.routed import routed
from app.cli.explaining.tries import attempts, outcome, times
from gatewatch.safe_text import safe
from gatewatch.spoken import ENDPOINT_DIALECTS, passage, translated

if TYPE_CHECKING:
    from app.console.charges import Charges

WHO = (
    *("team", "project", "environment", "key_name", "key_id", "key_version", "source"),
    *("user", "feature", "customer", "use_case", "task_id"),
)
ASKED = ("endpoint", "requested_model", "route", "workload_class", "stream", "client", "client_retry")


def story(call: Row, charges: "Charges", known: Row) -> Iterator[str]:
    """The call as lines of text, harmless on a terminal. `known`: what the gateway noted of its configuration, and the
    places of its `bodies`."""
    return folded(_story(call, charges, known))


def _story(call: Row, charges: "Charges", known: Row) -> Iterator[str]:
    rules: Row = known.get("rules") or {}
    yield f"Call {call['call_id']}, {call['started_at']}"
    yield f"  {outcome(call)}"
    if call["error_message"]:
        yield f"  {safe(call['error_message'], 500)}"
    yield "Who"
    yield from fields(call, WHO)
    for name, value in call["tags"].items():
        yield field(f"tag {name}", value)
    yield "Asked"
    yield from fields(call, ASKED)
    for name, value in call["params"].items():
        yield field(name, value)
    yield from shape(call)
    yield from bodies(call, known.get("bodies") or [])
    yield "By"
    yield from configured(call, known)
    yield "Limits and budgets, as they stood then"
    yield from limits(call, rules)
    yield "Reckoned with"
    yield from reckoned(call)
    if lines := [*routed(call), *way(call, rules), *_passage(call)]:
        yield "Its way"
        yield from lines
    yield "Attempts"
    yield from attempts(call)
    yield "Time"
    yield f"  {times(call)}"
    yield "Cost"
    yield from cost(call, charges)
    if step := next_step(call, rules):
        yield "What to do next"
        yield f"  {step.words}"
        if step.command:
            yield f"  $ {step.command}"


def _passage(call: Row) -> Iterator[str]:
    if passed := passage(call["endpoint"], call["dialect"]):
        yield f"  passed on {safe(passed)}"
    if call["dropped_params"]:
        yield f"  dropped {safe(', '.join(call['dropped_params']), 500)}: the provider was not told"


def passage_json(call: Row) -> dict[str, Any]:
    """How it passed, for scripts."""
    return {
        "caller_dialect": ENDPOINT_DIALECTS.get(call["endpoint"] or ""),
        "provider_dialect": call["dialect"],
        "translated": translated(call["endpoint"], call["dialect"]),
        "dropped_params": call["dropped_params"],
    }
