"""What a caller must hear, feature by feature, whatever its dialect: the sandbox was told what to say."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.conformance.dialects import told
from tests.conformance.dialects.heard import Heard, Usage, frames_of
from tests.conformance.dialects.provider import CACHED, NUMBERS
from tests.conformance.dialects.wire import Reply

if TYPE_CHECKING:
    from tests.conformance.dialects.cell import Cell

ABOUT_REPLIES = frozenset(
    {"usage", "usage_streamed", "cached_usage", "length", "content_filter", "refusal", "stop_sequence", "citations"}
    | {"request_ids"}
)
"""Features of which the provider hears nothing."""
_CALLING = {"tools": 1, "choice_auto": 1, "parallel_off": 1, "round_trip": 1, "parallel": 2}
"""Feature → how many of `told.CALLS` are called."""
_COLUMNS = {"metadata": ("feature", told.FEATURE), "user": ("user", told.USER)}
"""Feature → what the call's row holds of it, whoever answers the call."""
_JSON = frozenset({"json_schema", "json_mode"})


def check(cell: "Cell", heard: Heard, reply: Reply) -> None:
    """A reply that came."""
    feature = cell.feature.id
    _check_ids(cell, heard, reply)
    _check_finish(cell, heard)
    if feature in _CALLING:
        assert list(heard.calls) == told.CALLS[: _CALLING[feature]]
        assert len(set(heard.call_ids)) == len(heard.calls)
        assert all(heard.call_ids)
    elif feature == "custom_tools":
        assert heard.calls == ((told.CUSTOM_TOOL, told.FREE_TEXT),)
    elif feature in ("choice_required", "choice_named"):
        (name, arguments), *more = heard.calls
        assert not more
        assert name == told.OTHER_TOOL if feature == "choice_named" else name in (told.TOOL, told.OTHER_TOOL)
        assert isinstance(arguments["city"], str)
    else:
        assert heard.calls == ()
    if feature in _COLUMNS:
        column, value = _COLUMNS[feature]
        assert cell.place.rows(reply.headers["x-gatewatch-call-id"])["close"][column] == value
    if special := _SPECIAL.get(feature):
        special(cell, heard)
    elif "text" in cell.feature.demands:
        assert heard.texts == [told.JSON_TEXT if feature in _JSON else told.TEXT]
    if "thinking" in cell.feature.demands:
        assert heard.thoughts == told.THOUGHTS
    elif feature not in ("budget", "special"):
        assert not heard.thoughts, "nobody asked for them"
    assert heard.usage is None or heard.usage.input > 0


def check_error(cell: "Cell") -> None:
    """A call that goes wrong: the caller is told in its own dialect what its SDK makes the right exception of."""
    feature = cell.feature.id
    reply = cell.call(cell.caller.asks.get(feature, {}))
    status, code = cell.provider.faults.get(feature, _FAULTS[feature])
    if (cell.caller.id, status) == ("messages", 503):
        status = 529
    if cell.streams and feature in ("cut", "error_event"):
        assert reply.status == 200
        error = cell.caller.fault(cell.caller.broken(frames_of(reply.body)))
    else:
        assert reply.status == status, reply.body.decode()
        assert reply.headers["content-type"] == "application/json"
        error = cell.caller.fault(reply.json())
    assert error.message
    assert "canary" not in error.message
    assert error.type in (cell.caller.error_types[status], cell.provider.own_types.get(feature))
    if feature == "bad_request":
        assert error.param == "temperature"
    else:
        assert error.code == code
    if feature == "rate_limit":
        assert (reply.headers["retry-after"], reply.headers["retry-after-ms"]) == ("7", "7000")


_FAULTS = {
    "bad_request": (400, ""),
    "too_long": (400, "context_length_exceeded"),
    "key_refused": (502, "upstream_auth"),
    "no_model": (404, "model_not_found"),
    "rate_limit": (429, "upstream_rate_limited"),
    "server_error": (502, "upstream_error"),
    "overloaded": (503, "upstream_overloaded"),
    "ok_with_error": (502, "upstream_error"),
    "cut": (502, "upstream_truncated"),
    "error_event": (502, "upstream_error"),
}
"""Status and code. A provider's failure is the gateway's 502, its overload a 503 (529 to callers of Messages); the row
of the call has the same code."""


def _check_ids(cell: "Cell", heard: Heard, reply: Reply) -> None:
    call_id = reply.headers["x-gatewatch-call-id"]
    assert reply.headers["x-request-id"] == call_id
    assert heard.id.startswith(cell.caller.reply_id)
    asked = f"{cell.provider.id}/{cell.model}"
    assert heard.model == (cell.model if cell.provider.names_model else asked), "what the provider says, or was asked"
    if cell.feature.id == "request_ids":
        attempt = cell.place.rows(call_id)["attempt"]
        assert bool(attempt.get("upstream_request_id")) is cell.provider.request_id
        if cell.caller.id == "messages":
            assert reply.headers["request-id"] == call_id, "where Anthropic's clients look for it"


def _check_finish(cell: "Cell", heard: Heard) -> None:
    feature = cell.feature.id
    how = feature if feature in cell.caller.finishes else "calls" if heard.calls else ""
    demanded = cell.provider.demands.get(feature, {}).get("finish")
    if demanded == "content_filter":
        how = demanded
    elif feature == "refusal" or demanded == "refusal":
        how = "declined" if cell.provider.declined else "refused"
    if feature == "stop_sequence" and not cell.provider.names_stop:
        how = ""
    assert heard.finish == cell.caller.finishes[how]


def _declined(cell: "Cell", heard: Heard) -> None:
    """Words of a refusal stand where the dialect has room for them, else they are text."""
    declined = cell.provider.declined
    if cell.is_straight or not declined:
        return
    if cell.caller.id in ("chat", "responses"):
        assert heard.refusal == declined
    else:
        assert heard.texts[0].endswith(declined)


def _filtered(cell: "Cell", heard: Heard) -> None:
    assert heard.texts[0].startswith(told.TEXT)
    if cell.feature.id in cell.provider.demands:
        _declined(cell, heard)


def _several(cell: "Cell", heard: Heard) -> None:
    assert heard.texts == [told.TEXT, told.TEXT]


def _likely(cell: "Cell", heard: Heard) -> None:
    assert "".join(token for token, _ in heard.logprobs) == told.TEXT
    assert {alternatives for _, alternatives in heard.logprobs} == {told.TOP_LOGPROBS}


def _counted(cell: "Cell", heard: Heard) -> None:
    cached = CACHED if cell.feature.id == "cached_usage" else 0
    reasoning = NUMBERS["reasoning"] if cell.provider.counts_reasoning else 0
    assert heard.usage == Usage(NUMBERS["input"], cached, NUMBERS["output"], reasoning)


def _cited(cell: "Cell", heard: Heard) -> None:
    assert heard.texts == [told.TEXT]
    assert heard.citations == ((told.CITATION["url"], told.CITATION["title"]),)


def _stopped(cell: "Cell", heard: Heard) -> None:
    assert heard.texts == [told.TEXT]
    named = cell.provider.names_stop and cell.caller.id == "messages"
    assert heard.stop_sequence == (told.STOP[0] if named else None)


_SPECIAL: dict[str, Callable[["Cell", Heard], None]] = {
    "n": _several,
    "logprobs": _likely,
    "usage": _counted,
    "usage_streamed": _counted,
    "cached_usage": _counted,
    "refusal": _declined,
    "content_filter": _filtered,
    "citations": _cited,
    "stop_sequence": _stopped,
}
