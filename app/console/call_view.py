"""One call as text: its time line, its timings, its money, what went wrong and what came with it."""

from collections.abc import Iterable, Mapping

from textual.content import Content

from app.console.charges import Charges
from app.console.content import line, lines, mark, plain, status_text
from app.console.figures import UNKNOWN, UNPRICED, Row, clock, count, milliseconds
from gatewatch.money import usd_text
from gatewatch.prices.row import PriceRow
from gatewatch.spoken import passage
from gatewatch.timespan import parse_instant

QUIET = "$foreground 65%"
PER_MILLION = 10**6
INDENT, LONGEST_BAR = 4, 120
TITLE_CELLS = 12

WHO = ("project", "environment", "key_id", "key_version", "user", "feature", "customer", "use_case", "task_id")
WHERE_FROM = (
    "source",
    "client",
    "client_retry",
    "workload_class",
    "route",
    "cache",
    "finish_reason",
)
VERSIONS = ("config_version", "route_version")


def summary(call: Row) -> Content:
    """What became of it, whose it was, when."""
    asked, went = call.get("requested_model"), call.get("model")
    model = asked if went in (None, asked) else f"{asked} → {went}"
    kind = "stream" if call.get("stream") else "plain"
    dialects = passage(call.get("endpoint"), call.get("dialect"))
    return lines(
        line(
            *(status_text(call.get("status")), "  HTTP ", plain(call.get("http_status"), "bold"), "  "),
            *(plain(model, "bold"), (" at ", QUIET), plain(call.get("provider"))),
        ),
        line(
            *(("team ", QUIET), plain(call.get("team"), "bold"), ("  key ", QUIET), plain(call.get("key_name"))),
            *(("  endpoint ", QUIET), plain(call.get("endpoint")), f", {kind}"),
        ),
        *([line(plain(dialects))] if dialects else []),
        line(
            *(plain(clock(call.get("started_at"), "%Y-%m-%d %H:%M:%S.%f")[:-3]), " UTC"),
            *(("  id ", QUIET), plain(call.get("call_id"))),
        ),
    )


def error(call: Row) -> Content:
    """The error's code and text; nothing for a call that went well."""
    if not call.get("error_kind"):
        return Content("")
    sign, colour = mark(call.get("status"))
    return line((f"{sign} {call['error_kind']}", f"bold {colour}"), "  ", plain(call.get("error_message") or ""))


def time_line(call: Row, width: int) -> Content:
    """Each attempt, with a bar for when it was in the time that the call took."""
    total = call.get("latency_ms") or 0
    began = parse_instant(call["started_at"], 0)
    attempts = call.get("attempts_detail") or []
    rows = [line(("Attempts", "bold"), (f"  {len(attempts)}, over {milliseconds(total)}", QUIET))]
    for attempt in attempts:
        offset = (parse_instant(attempt["started_at"], 0) - began) / 1000
        bar = _bar(offset, attempt.get("latency_ms") or 0, total, min(LONGEST_BAR, width - INDENT))
        rows += [_attempt(attempt), line(" " * INDENT, bar), _phases(attempt, call.get("error_message"))]
    if not attempts:
        rows.append(line(("none: it was answered without asking any provider", QUIET)))
    return lines(*rows)


def timings(call: Row) -> Content:
    """Where the time went: the gateway's own beside the upstream's."""
    pairs = (
        ("total", milliseconds(call.get("latency_ms"))),
        ("TTFT", milliseconds(call.get("ttft_ms"))),
        ("upstream", milliseconds(call.get("upstream_ms"))),
        ("gateway", milliseconds(call.get("overhead_ms"))),
    )
    parts = [line((f"{name} ", QUIET), (figure, "bold")) for name, figure in pairs]
    return line((f"{'Time':{TITLE_CELLS}}", "bold"), Content("   ").join(parts))


def limits(call: Row, width: int) -> Content:
    """What was in its way or held for it, and the command that tells all of it."""
    queued, reserved = call.get("queued_ms"), call.get("reserved_usd")
    met = _pairs(
        "Limits",
        (
            ("blocked by", call.get("blocked_by")),
            ("held for it", f"{reserved} USD" if reserved not in (None, "0") else None),
            ("stepped down for", call.get("stepped_down")),
            ("priority", call.get("priority")),
            ("waited", milliseconds(queued) if queued else None),
        ),
        width,
    )
    more = line(("more: ", QUIET), (f"gatewatch explain {call.get('call_id')}", "bold"))
    return lines(met, line(" " * TITLE_CELLS, more)) if met else line((f"{'Limits':{TITLE_CELLS}}", "bold"), more)


def money(charges: Charges, row_id: str | None, row: PriceRow | None, basis: str | None) -> Content:
    """Tokens of each class × price = money, and the exact sum."""
    rows = [line(("Money", "bold"), ("  price row ", QUIET), plain(row_id))]
    if row_id and row is None:
        rows.append(line(("This console's price book does not have that row: only the sum is known.", QUIET)))
    rows.append(line((_columns("", "tokens", "USD per 1M", "USD"), QUIET)))
    for charge in charges.lines:
        price = UNKNOWN if charge.price is None else usd_text(charge.price * PER_MILLION)
        amount = UNKNOWN if charge.picos is None else usd_text(charge.picos)
        note = f"  (as {charge.instead})" if charge.instead else ""
        rows.append(line(_columns(charge.name, count(charge.tokens), price, amount), (note, QUIET)))
    if charges.lost:
        rows.append(line(_columns("lost tries", "", "", usd_text(charges.lost))))
    if charges.rest:
        rows.append(line(_columns("not by tokens", "", "", usd_text(charges.rest))))
    known = charges.total is not None
    total = usd_text(charges.total) if charges.total is not None else UNPRICED
    rows.append(
        line((_columns("total", "", "", total), "bold" if known else "bold $warning"), (f"  {basis or UNKNOWN}", QUIET))
    )
    return lines(*rows)


def _columns(name: str, tokens: str, price: str, amount: str) -> str:
    return f"{name:18}{tokens:>11}{price:>13}{amount:>17}"


def details(call: Row, width: int) -> Content:
    """Who, from where, parameters, tags, versions: what is known only."""
    params = call.get("params") or {}
    tags = call.get("tags") or {}
    blocks = [
        _pairs("Who", ((name, call.get(name)) for name in WHO), width),
        _pairs("Request", ((name, call.get(name)) for name in WHERE_FROM), width),
        _pairs("Dropped", ((name, "not told") for name in call.get("dropped_params") or ()), width),
        _pairs("Parameters", params.items() if isinstance(params, Mapping) else (("params", params),), width),
        _pairs("Tags", tags.items() if isinstance(tags, Mapping) else (("tags", tags),), width),
        _pairs("Versions", ((name, call.get(name)) for name in VERSIONS), width),
    ]
    return lines(*(block for block in blocks if block))


def _attempt(attempt: Row) -> Content:
    sign, colour = mark(attempt.get("status"))
    what = attempt.get("error_kind") or (attempt.get("status") or "").replace("_", " ")
    http = attempt.get("http_status")
    return line(
        (f"{attempt.get('n', '?')} {sign} {UNKNOWN if http is None else http!s:>3} {what}", colour),
        *("  ", plain(f"{attempt.get('provider')}/{attempt.get('model')}")),
        *("  ", (milliseconds(attempt.get("latency_ms")), "bold")),
    )


def _phases(attempt: Row, said_already: str | None) -> Content:
    connect, first_byte, said = (attempt.get(name) for name in ("connect_ms", "first_byte_ms", "error_message"))
    known = [f"connect {milliseconds(connect)}"] if connect is not None else []
    if attempt.get("http_status") is None:
        known.append("no answer")
    elif connect is None:
        known.append("connection kept")
    if first_byte is not None:
        known.append(f"first byte {milliseconds(first_byte)}")
    phases = line((" " * INDENT + ", ".join(known), QUIET))
    return line(phases, "  ", plain(said)) if said and said != said_already else phases


def _bar(offset_ms: float, length_ms: float, total_ms: float, cells: int) -> Content:
    """`······█████··` where in the whole time this was."""
    if total_ms <= 0:
        return line(("·" * cells, QUIET))
    start = min(cells - 1, max(0, int(offset_ms / total_ms * cells)))
    length = max(1, min(cells - start, round(length_ms / total_ms * cells)))
    return line(("·" * start, QUIET), ("█" * length, "$primary"), ("·" * (cells - start - length), QUIET))


def _pairs(title: str, pairs: Iterable[tuple[object, object]], width: int) -> Content:
    """A title at the left and `name value` pairs beside it, as many to a line as there is room for."""
    known = [line((f"{name} ", QUIET), plain(value, limit=300)) for name, value in pairs if value not in (None, "", 0)]
    if not known:
        return Content("")
    rows, current = [], line((f"{title:{TITLE_CELLS}}", "bold"), known[0])
    for pair in known[1:]:
        if current.cell_length + 3 + pair.cell_length > width:
            rows.append(current)
            current = line(" " * TITLE_CELLS, pair)
        else:
            current = line(current, "   ", pair)
    return lines(*rows, current)
