"""What must become of a call: what its caller sees, and what its row says. The words of the matrix, as data.

Statuses and classes are those of the SDKs' references; prices those of the vendors' pages.
"""

from decimal import Decimal
from typing import Any, NamedTuple

from tests.conformance.faults.callers import Told
from tests.kit.provider_voices import ANTHROPIC, Voice

FROM_A, FROM_B = "What A says.", "What B says."
B_USAGE = (10, 3)
"""Tokens in and out."""

_CLASSES = {
    "openai": {
        400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 413: "APIStatusError",
        422: "UnprocessableEntityError", 429: "RateLimitError", 502: "InternalServerError",
        503: "InternalServerError", 504: "InternalServerError",
    },
    "anthropic": {
        400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 413: "ContentTooLargeError",
        422: "UnprocessableEntityError", 429: "RateLimitError", 502: "InternalServerError",
        503: "ServiceUnavailableError", 504: "GatewayTimeoutError", 529: "OverloadedError",
    },
}  # fmt: skip
_BROKEN = {"openai": "APIError", "anthropic": "APIStatusError"}
"""The class for an error that ends a stream."""


class Verdict(NamedTuple):
    """One cell of the matrix."""

    served_by: str = ""
    """`A`, `B`; empty: nobody."""
    status: int = 200
    code: str | None = None
    attempts: int | tuple[int, int] = 1
    """A pair: from, to."""
    tried: str | None = None
    """The `error_kind` of the tries at A that failed."""
    cut: bool = False
    """The stream had begun, and ends in an error event."""
    text: str | None = None
    """Of a cut stream, or of A's answer; None: the usual one of who serves."""
    bought: bool = False
    """More may have been bought than the reply says: the row's cost is an estimate, and no less than the reply's."""
    unretried: bool = False
    """The SDK is told that it is not worth another try."""
    tokens: tuple[int, int] | None = None
    """In and out, of A's answer."""
    early: bool = False
    """The head of the reply went out before anybody had answered, with a comment that keeps the connection alive."""
    snapped: bool = False
    """A plain reply had begun to go out, and the connection is cut so that it cannot look whole."""


def by_b(tried: str | None, attempts: int | tuple[int, int] = 2, *, bought: bool = False) -> Verdict:
    """A failed as `tried` says, and B answered."""
    return Verdict("B", attempts=attempts, tried=tried, bought=bought)


def by_a(text: str | None = None, *, tokens: tuple[int, int] = (10, 2), bought: bool = False) -> Verdict:
    """A answered, with one try."""
    return Verdict("A", text=text, tokens=tokens, bought=bought)


def refused(
    status: int,
    code: str,
    attempts: int | tuple[int, int] = 1,
    *,
    bought: bool = False,
    unretried: bool = False,
    tried: str | None = None,
) -> Verdict:
    """An error of this status, before anything else."""
    return Verdict("", status, code, attempts, tried, bought=bought, unretried=unretried)


def cut(code: str, text: str, attempts: int = 1) -> Verdict:
    """A stream that has begun ends in one well-formed error event, and its row says what may have been bought."""
    return Verdict("A", code=code, attempts=attempts, cut=True, text=text, bought=True)


def early(verdict: Verdict) -> Verdict:
    """The same of a stream that was kept alive meanwhile: an error is an event then."""
    return verdict._replace(early=True, cut=not verdict.served_by, status=200, text=verdict.text or None)


def snapped(code: str) -> Verdict:
    """A plain reply is cut behind bytes that are out already: the SDK sees a connection that broke."""
    return Verdict("A", code=code, bought=True, snapped=True)


def check_caller(verdict: Verdict, voice: Voice, told: Told) -> None:
    """What the app saw."""
    sdk, status = voice.name, _status(verdict, voice)
    if verdict.snapped:
        assert (told.error, told.text, told.whole) == ("APIConnectionError", "", False), told
    elif verdict.cut:
        assert (told.error, told.code, told.text) == (_BROKEN[sdk], verdict.code, verdict.text or ""), told
        assert not told.whole
    elif verdict.served_by:
        usual = FROM_A if verdict.served_by == "A" else FROM_B
        assert not told.error, told
        assert (told.status, told.text, told.whole) == (200, usual if verdict.text is None else verdict.text, True), (
            told
        )
        if not verdict.early:
            assert told.headers["x-gatewatch-attempts"] in _numbers(verdict.attempts)
    else:
        assert (told.error, told.status, told.code) == (_CLASSES[sdk][status], status, code_of(verdict, voice)), told
        assert not told.text
        assert told.headers["content-type"] == "application/json"
        assert "<html" not in told.said.lower()
        if verdict.unretried:
            assert told.headers.get("x-should-retry") == "false", told


def check_row(verdict: Verdict, voice: Voice, row: dict[str, Any]) -> None:
    """What the ledger says."""
    status = "truncated" if verdict.cut or verdict.snapped else "ok" if verdict.served_by else "error"
    assert (row["status"], row["http_status"]) == (status, _status(verdict, voice)), row
    assert row["error_kind"] == code_of(verdict, voice), row
    assert str(row["attempts"]) in _numbers(verdict.attempts), row
    tries = row["attempts_detail"]
    assert [each["n"] for each in tries] == list(range(1, row["attempts"] + 1))
    failed = tries[:-1] if verdict.served_by else tries
    if verdict.tried:
        assert {each["error_kind"] for each in failed} == {verdict.tried}, row
    check_cost(verdict, voice, row)


def check_cost(verdict: Verdict, voice: Voice, row: dict[str, Any]) -> None:
    """Never negative, never lost, never doubled."""
    cost = Decimal(row["cost_usd"])
    tokens = B_USAGE if verdict.served_by == "B" else verdict.tokens
    least = cost_of(voice, *tokens) if tokens else Decimal(0)
    if verdict.bought:
        assert row["cost_basis"] == "estimated", row
        assert cost >= least, row
        assert cost > 0, row
    else:
        assert (cost, row["cost_basis"] in ("computed", "reported")) == (least, True), row
    if tokens and not verdict.bought:
        assert (_tokens_in(row), row["output_tokens"]) == tokens, row
    assert all(value >= 0 for name, value in row.items() if name.endswith("_tokens")), row


def cost_of(voice: Voice, tokens_in: int, tokens_out: int) -> Decimal:
    """USD."""
    return (tokens_in * Decimal(voice.price.input) + tokens_out * Decimal(voice.price.output)) / 1_000_000


def _tokens_in(row: dict[str, Any]) -> int:
    classes = ("uncached", "cache_read", "cache_write_5m", "cache_write_1h", "audio", "image")
    return sum(row[f"input_{each}_tokens"] for each in classes)


def code_of(verdict: Verdict, voice: Voice) -> str | None:
    """Anthropic's refusals of a request have a type and no code: the gateway says then that it was refused."""
    passed = verdict.status in (400, 404, 413, 422)
    return "upstream_refused" if passed and voice is ANTHROPIC else verdict.code


def _status(verdict: Verdict, voice: Voice) -> int:
    """Anthropic says 529 for an overload."""
    return 529 if verdict.status == 503 and voice is ANTHROPIC else verdict.status


def _numbers(attempts: int | tuple[int, int]) -> set[str]:
    first, last = (attempts, attempts) if isinstance(attempts, int) else attempts
    return {str(number) for number in range(first, last + 1)}
