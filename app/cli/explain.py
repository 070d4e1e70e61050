"""`gatewatch explain`: everything that was decided about one call, and why it cost what it did."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from app.console.charges import Charges

Row = Mapping[str, Any]

WHO = (
    *("team", "project", "environment", "key_name", "key_id", "key_version"),
    *("user", "feature", "customer", "use_case", "task_id"),
)
ASKED = ("endpoint", "requested_model", "route", "workload_class", "stream", "client", "source", "client_retry")

BASES = {
    "reported": "by the usage that the provider reported",
    "computed": "computed by the gateway",
    "estimated": "an estimate: the provider did not report all of the usage",
    "unpriced": "as no price is known for what was used",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Everything that was decided about one call. Times are UTC."
    parser.add_argument("call_id", metavar="CALL_ID", help="the header x-gatewatch-call-id of a reply, or show calls")
    add_home(parser, attach=True)
    add_output(parser, "table", "json")


def run(args: argparse.Namespace) -> int:
    """Raises NotFound for a call that the ledger does not have."""
    from app.cli.attach_options import attached, reader_of
    from app.cli.output import print_json
    from app.cli.progress import catching_up
    from app.console.charges import charges_of
    from app.console.price_rows import PriceRows
    from gatewatch.errors import NotFound
    from gatewatch.paths import Home
    from gatewatch.safe_text import safe

    reader = reader_of(args, catching_up())
    try:
        answer = reader.ask("call", call_id=args.call_id)
    finally:
        reader.close()
    if not answer.rows:
        behind = answer.fresh["behind_bytes"]
        raise NotFound(
            f"The ledger has no call {safe(args.call_id, 60)}",
            f"{behind} bytes of the journal are not loaded yet: try again."
            if behind
            else "`gatewatch show calls` lists.",
        )
    call = answer.rows[0]
    charges = charges_of(call, PriceRows(attached(args) or Home.find(args.home)).of(call))
    if args.output == "json":
        print_json({"call": call, "passage": _passage_json(call), "cost": _cost_json(call, charges)})
    else:
        sys.stdout.writelines(f"{line}\n" for line in story(call, charges))
    return 0


def story(call: Row, charges: "Charges") -> Iterator[str]:
    """The call as lines of text, harmless on a terminal."""
    from gatewatch.safe_text import safe
    from gatewatch.spoken import passage

    def fields(names: tuple[str, ...]) -> Iterator[str]:
        for name in names:
            if call[name] not in (None, "", 0, {}):
                yield f"  {name.replace('_', ' '):16} {safe(call[name], 200)}"

    yield f"Call {call['call_id']}, {call['started_at']}"
    yield f"  {_outcome(call)}"
    if call["error_message"]:
        yield f"  {safe(call['error_message'], 500)}"
    yield "Who"
    yield from fields(WHO)
    for name, value in call["tags"].items():
        yield f"  {'tag ' + safe(name, 40):16} {safe(value, 200)}"
    yield "Asked"
    yield from fields(ASKED)
    if passed := passage(call["endpoint"], call["dialect"]):
        yield f"  {'passed on':16} {safe(passed)}"
    if call["dropped_params"]:
        yield f"  {'dropped':16} {safe(', '.join(call['dropped_params']), 500)}: the provider was not told"
    for name, value in call["params"].items():
        yield f"  {safe(name, 40):16} {safe(value, 200)}"
    yield "Attempts"
    for each in call["attempts_detail"]:
        yield f"  {_attempt(each)}"
        if each["error_message"]:
            yield f"     {safe(each['error_message'], 500)}"
    if not call["attempts_detail"]:
        yield f"  {_no_attempt(call)}"
    yield "Time"
    yield f"  {_times(call)}"
    yield "Cost"
    yield from (f"  {line}" for line in _cost(call, charges))
    yield f"Configuration {safe(call['config_version'] or '–')}, route {safe(call['route_version'] or '–')}"


def _outcome(call: Row) -> str:
    from gatewatch.safe_text import safe

    words = [call["status"], str(call["http_status"] or ""), call["error_kind"] or "", call["finish_reason"] or ""]
    served = f"{call['provider']}/{call['served_model'] or call['model']}" if call["provider"] else ""
    if served:
        served = f"{'by' if call['attempts'] or call['status'] == 'interrupted' else 'for'} {served}"
    cached = f"cache {call['cache']}" if call["cache"] else ""
    return safe(", ".join(filter(None, [" ".join(filter(None, words)), served, cached])))


def _no_attempt(call: Row) -> str:
    if call["status"] == "blocked" or (call["status"] == "error" and not call["attempts"]):
        return "none: nothing was sent to a provider"
    if call["status"] == "ok" and not call["attempts"]:
        return "none: the gateway answered it by itself"
    return "none is recorded"


def _attempt(attempt: Row) -> str:
    from gatewatch.safe_text import safe

    words = [
        f"{attempt['n']}. {attempt['provider']}/{attempt['model']}",
        f"key {attempt['provider_key']}" if attempt["provider_key"] else "",
        " ".join(str(attempt[name]) for name in ("status", "http_status", "error_kind") if attempt[name] is not None),
        _connected(attempt),
        f"first byte after {attempt['first_byte_ms']} ms" if attempt["first_byte_ms"] is not None else "",
        "no answer" if attempt["http_status"] is None else "",
        f"{attempt['latency_ms']} ms in all",
        f"request id {attempt['upstream_request_id']}" if attempt["upstream_request_id"] else "",
    ]
    return safe(", ".join(filter(None, words)), 500)


def _connected(attempt: Row) -> str:
    """Nothing where it is not known: a try without an answer may never have had a connection."""
    if attempt["connect_ms"] is not None:
        return f"connected in {attempt['connect_ms']} ms"
    return "" if attempt["http_status"] is None else "connection reused"


def _times(call: Row) -> str:
    if call["latency_ms"] is None:
        return "not known: nobody saw the end of this call"
    first = f"first token after {call['ttft_ms']} ms, " if call["ttft_ms"] is not None else ""
    return f"{first}{call['latency_ms']} ms in all: {call['upstream_ms']} ms upstream, {call['overhead_ms']} ms of ours"


def _cost(call: Row, charges: "Charges") -> Iterator[str]:
    from gatewatch.money import usd_text
    from gatewatch.safe_text import safe

    width = max([len(line.name) for line in charges.lines], default=0)
    for line in charges.lines:
        if line.price is None or line.picos is None:
            yield f"{line.name:{width}}  {line.tokens:>9} tokens, their price is not known"
        else:
            million, instead = usd_text(line.price * 10**6), f" (the price of {line.instead})" if line.instead else ""
            yield f"{line.name:{width}}  {line.tokens:>9} × {million} per million{instead} = {usd_text(line.picos)}"
    if charges.rest:
        yield f"not by tokens (searches, images, fees): {usd_text(charges.rest)}"
    total = call["cost_usd"] if charges.total is None else f"{usd_text(charges.total)} USD"
    yield f"{total}, {BASES.get(call['cost_basis'], safe(call['cost_basis']))}"
    if call["price_row"]:
        yield f"price row {safe(call['price_row'])}"


def _passage_json(call: Row) -> dict[str, Any]:
    from gatewatch.spoken import ENDPOINT_DIALECTS, translated

    return {
        "caller_dialect": ENDPOINT_DIALECTS.get(call["endpoint"] or ""),
        "provider_dialect": call["dialect"],
        "translated": translated(call["endpoint"], call["dialect"]),
        "dropped_params": call["dropped_params"],
    }


def _cost_json(call: Row, charges: "Charges") -> dict[str, Any]:
    from gatewatch.money import usd_text

    def usd(picos: int | None) -> str | None:
        return None if picos is None else usd_text(picos)

    lines = [
        {
            "tokens": line.name,
            "count": line.tokens,
            "usd_per_million": None if line.price is None else usd(line.price * 10**6),
            "instead_of": line.instead,
            "usd": usd(line.picos),
        }
        for line in charges.lines
    ]
    return {
        "cost_usd": call["cost_usd"],
        "cost_basis": call["cost_basis"],
        "price_row": call["price_row"],
        "lines": lines,
        "not_by_tokens_usd": usd(charges.rest),
    }
