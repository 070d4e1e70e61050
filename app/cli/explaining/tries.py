"""What was asked of providers, what they answered, and how long it took."""

from collections.abc import Iterator

from app.cli.explaining.lines import Row
from gatewatch.safe_text import safe


def outcome(call: Row) -> str:
    """How it ended, in a line."""
    words = [call["status"], str(call["http_status"] or ""), call["error_kind"] or "", call["finish_reason"] or ""]
    served = f"{call['provider']}/{call['served_model'] or call['model']}" if call["provider"] else ""
    if served:
        served = f"{'by' if call['attempts'] or call['status'] == 'interrupted' else 'for'} {served}"
    cached = f"cache {call['cache']}" if call["cache"] else ""
    return safe(", ".join(filter(None, [" ".join(filter(None, words)), served, cached])))


def attempts(call: Row) -> Iterator[str]:
    """One by one."""
    for each in call["attempts_detail"]:
        yield f"  {_attempt(each)}"
        if each["error_message"]:
            yield f"     {safe(each['error_message'], 500)}"
    if not call["attempts_detail"]:
        yield f"  {_no_attempt(call)}"


def times(call: Row) -> str:
    """First token, all of it, and whose it was."""
    if call["latency_ms"] is None:
        return "not known: nobody saw the end of this call"
    first = f"first token after {call['ttft_ms']} ms, " if call["ttft_ms"] is not None else ""
    return f"{first}{call['latency_ms']} ms in all: {call['upstream_ms']} ms upstream, {call['overhead_ms']} ms of ours"


def _no_attempt(call: Row) -> str:
    if call["status"] == "cached":
        kept = f"the reply of {call['answer_of'] or 'another call'}"
        if call["cache_age_ms"] is not None:
            kept += f", {call['cache_age_ms'] / 1000:.1f} s old,"
        saved = f"{call['avoided_usd']} USD" if call["avoided_usd"] else "a cost that nobody knows"
        return safe(f"none: {kept} was given again, which avoided {saved}")
    if call["status"] == "blocked" or (call["status"] == "error" and not call["attempts"]):
        return "none: nothing was sent to a provider"
    if call["status"] == "ok" and not call["attempts"]:
        return "none: the gateway answered it by itself"
    return "none is recorded"


def _attempt(attempt: Row) -> str:
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
