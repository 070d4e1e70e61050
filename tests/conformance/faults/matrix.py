"""Rows of the fault matrix that are one call at a time: A goes wrong as the row says, alone or with B behind it.

Every cell is a call of each SDK, on a route of its own, to a provider of its own.
"""

from typing import NamedTuple

from tests.conformance.faults.verdicts import Verdict, by_a, by_b, cut, early, refused, snapped
from tests.kit.provider_faults import (
    Fault,
    begun,
    bomb,
    closes,
    drips,
    first_piece,
    good,
    half,
    is_silent,
    nothing,
    page,
    resets,
    says,
    status,
    streamed,
    whole,
    without_end,
)
from tests.kit.provider_voices import Voice
from tests.kit.scripted_upstream import Received, http

HASTY = "{connect: 1s, first_byte: 1s, idle: 1s, total: 3s}"
HELD = "{total: 2s}"

PIECE = "What A "


class Row(NamedTuple):
    """One fault. A cell that is None is not tried: the fault has no such form."""

    number: int
    name: str
    fault: Fault | str
    """What A does, or, as a word, where it is: `refusing`, `nameless`, `full`, `untrusted`, `misnamed`, `plain`."""
    plain: Verdict | None = None
    """Behind A is B."""
    stream: Verdict | None = None
    alone: Verdict | None = None
    """There is no B."""
    alone_stream: Verdict | None = None
    deadlines: str = "{}"

    @property
    def id(self) -> str:
        return f"row-{self.number:02}-{self.name}"


UNREACHABLE = refused(502, "upstream_unreachable")
LOST = refused(502, "upstream_unreachable", bought=True)
LATE = refused(504, "upstream_timeout", bought=True)
TRUNCATED = refused(502, "upstream_truncated", bought=True)
INVALID = refused(502, "upstream_invalid", bought=True)
ELSE, ELSE_ERROR = by_b("upstream_invalid", bought=True), by_b("upstream_error")
BROKEN = cut("upstream_truncated", PIECE)


def _unfinished(voice: Voice, asked: Received) -> bytes:
    """A clean end without the event that says so."""
    return streamed(voice.begin(), voice.piece(PIECE))


def _half_frame(voice: Voice, asked: Received) -> bytes:
    return streamed(voice.begin(), voice.piece(PIECE), voice.piece("says.")[:-12])


def _bad_json(voice: Voice, asked: Received) -> bytes:
    bad = voice.piece("bad-json-bad-json").replace(b"}\n\n", b"\n\n")
    return streamed(voice.begin(), voice.piece(PIECE), bad, voice.piece("says."), voice.end(voice.usage(10, 2)))


def _error_inside(voice: Voice, asked: Received) -> bytes:
    error = voice.error(502, "Provider returned error", code="502")
    return whole(asked, error, voice.begin() + voice.piece(PIECE) + voice.broken("The provider's own words"))


def _error_at_once(voice: Voice, asked: Received) -> bytes:
    return http(200, voice.error(500, "Provider returned error", code="502"))


def _error_of_no_status(voice: Voice, asked: Received) -> bytes:
    """Neither type nor code says which one it would have been."""
    return http(200, voice.error(500, "Provider returned error", type="provider_error", code="provider_error"))


def _usage(*, said: object, number: int = 0) -> Fault:
    """A good reply with a usage object that is not. `number`: a count that takes the place of all."""

    def answer(voice: Voice, asked: Received) -> bytes:
        usage = dict.fromkeys(voice.usage(10, 2), said) if number else said
        plain = voice.reply("What A says.", usage)
        return whole(asked, plain, voice.begin() + voice.piece(PIECE) + voice.piece("says.") + voice.end(usage))

    return says(answer)


def _other_model(voice: Voice, asked: Received) -> bytes:
    pieces = voice.piece(PIECE) + voice.piece("says.") + voice.end(voice.usage(10, 2))
    plain = voice.reply("What A says.", voice.usage(10, 2), "some-other-model")
    return whole(asked, plain, voice.begin("some-other-model") + pieces)


def _utf8(voice: Voice, asked: Received) -> bytes:
    """Text whose characters are split over writes, lines that end in CR LF, and a byte-order mark."""
    events = voice.begin() + voice.piece("Straße, 漢字, ").replace(b"\\u", b"\\u") + voice.piece("🙂.")
    said = b"\xef\xbb\xbf" + (events + voice.end(voice.usage(10, 2))).replace(b"\n", b"\r\n")
    return streamed(*(said[at : at + 3] for at in range(0, len(said), 3)))


def _many(voice: Voice, asked: Received) -> bytes:
    """Twenty thousand tiny events."""
    pieces = voice.piece("x") * 20_000
    return streamed(voice.begin(), pieces, voice.end(voice.usage(10, 2)))


def _long_line(voice: Voice, asked: Received) -> bytes:
    """A line above the cap of a line."""
    return begun(voice.begin(), voice.piece(PIECE), b"data: " + b"x" * (2 * 2**20))


def _refused_by_a(number: int, code: str) -> Row:
    """What is wrong with the request is nobody's to mend: passed on, not tried again, not tried elsewhere."""
    told = refused(number, code)
    return Row(23, str(number), says(status(number)), told, told, told, told)


ROWS = (
    Row(1, "refuses-the-connection", "refusing",
        by_b("upstream_unreachable"), by_b("upstream_unreachable"), UNREACHABLE, UNREACHABLE),
    Row(2, "has-no-address", "nameless",
        by_b("upstream_unreachable"), by_b("upstream_unreachable"), UNREACHABLE, UNREACHABLE),
    Row(3, "certificate-of-nobody", "untrusted",
        by_b("upstream_tls"), by_b("upstream_tls"), refused(502, "upstream_tls"), refused(502, "upstream_tls")),
    Row(3, "certificate-of-another", "misnamed",
        by_b("upstream_tls"), by_b("upstream_tls"), refused(502, "upstream_tls"), refused(502, "upstream_tls")),
    Row(3, "plain-http-on-a-tls-port", "plain",
        by_b("upstream_tls"), by_b("upstream_tls"), refused(502, "upstream_tls"), refused(502, "upstream_tls")),
    Row(4, "swallows-the-connection", "full",
        by_b("upstream_timeout"), early(by_b("upstream_timeout")),
        refused(504, "upstream_timeout"), early(refused(504, "upstream_timeout")), HASTY),
    Row(5, "closes-before-headers", says(nothing, then=closes),
        by_b("upstream_unreachable", bought=True), by_b("upstream_unreachable", bought=True), LOST, LOST),
    Row(6, "resets-before-headers", says(nothing, then=resets),
        by_b("upstream_unreachable", bought=True), by_b("upstream_unreachable", bought=True), LOST, LOST),
    Row(7, "resets-mid-body", says(half(good), then=resets), by_b("upstream_truncated", bought=True), alone=TRUNCATED),
    Row(8, "short-body", says(half(good), then=closes), by_b("upstream_truncated", bought=True), alone=TRUNCATED),
    Row(9, "resets-mid-stream", says(first_piece, then=resets), stream=BROKEN, alone_stream=BROKEN),
    Row(10, "ends-without-saying-so", says(_unfinished), stream=BROKEN, alone_stream=BROKEN),
    Row(11, "half-a-frame", says(_half_frame), stream=BROKEN, alone_stream=BROKEN),
    Row(12, "bad-json-in-a-frame", says(_bad_json),
        stream=cut("upstream_invalid", PIECE), alone_stream=cut("upstream_invalid", PIECE)),
    Row(13, "first-byte-slow", says(nothing, then=is_silent),
        by_b("upstream_timeout", bought=True), early(by_b("upstream_timeout", bought=True)), LATE, early(LATE), HASTY),
    Row(14, "stalls-mid-stream", says(first_piece, then=is_silent),
        stream=cut("upstream_timeout", PIECE), alone_stream=cut("upstream_timeout", PIECE), deadlines=HASTY),
    Row(15, "drips-a-plain-reply", drips, alone=LATE, deadlines=HELD),
    Row(21, "500", says(status(500)),
        by_b("upstream_error"), by_b("upstream_error"),
        refused(502, "upstream_error"), refused(502, "upstream_error")),
    Row(21, "502-html", says(page(502)),
        by_b("upstream_error"), by_b("upstream_error"),
        refused(502, "upstream_error"), refused(502, "upstream_error")),
    Row(21, "504", says(status(504)), by_b("upstream_timeout"), by_b("upstream_timeout"),
        refused(504, "upstream_timeout"), refused(504, "upstream_timeout")),
    Row(21, "503", says(status(503)),
        by_b("upstream_overloaded", (2, 4)), by_b("upstream_overloaded", (2, 4)),
        refused(503, "upstream_overloaded", (1, 3)), refused(503, "upstream_overloaded", (1, 3))),
    Row(21, "529", says(status(529)),
        by_b("upstream_overloaded", (2, 4)), by_b("upstream_overloaded", (2, 4)),
        refused(503, "upstream_overloaded", (1, 3)), refused(503, "upstream_overloaded", (1, 3))),
    Row(22, "401", says(status(401)), by_b("upstream_auth"), by_b("upstream_auth"),
        refused(502, "upstream_auth", unretried=True), refused(502, "upstream_auth", unretried=True)),
    Row(22, "403", says(status(403)), by_b("upstream_auth"), by_b("upstream_auth"),
        refused(502, "upstream_auth", unretried=True), refused(502, "upstream_auth", unretried=True)),
    _refused_by_a(400, "context_length_exceeded"), _refused_by_a(404, "model_not_found"),
    _refused_by_a(413, "request_too_large"), _refused_by_a(422, "unprocessable_entity"),
    Row(24, "200-with-an-error", says(_error_at_once), ELSE_ERROR, ELSE_ERROR,
        alone=refused(502, "upstream_error"), alone_stream=refused(502, "upstream_error")),
    Row(24, "200-with-an-error-of-no-status", says(_error_of_no_status), ELSE_ERROR, ELSE_ERROR,
        alone=refused(502, "upstream_error"), alone_stream=refused(502, "upstream_error")),
    Row(24, "error-within-a-stream", says(_error_inside),
        stream=cut("upstream_error", PIECE), alone_stream=cut("upstream_error", PIECE)),
    Row(25, "a-page-with-200", says(page(200)), ELSE, ELSE, alone=INVALID, alone_stream=INVALID),
    Row(25, "an-empty-reply", says(lambda voice, asked: http(200, b"")), ELSE, ELSE,
        alone=INVALID, alone_stream=INVALID),
    Row(25, "half-a-json", says(lambda voice, asked: http(200, voice.reply("x", voice.usage(10, 2))[:-20])),
        ELSE, alone=INVALID),
    Row(26, "a-reply-of-a-gigabyte", without_end, alone=snapped("upstream_invalid")),
    Row(26, "a-gzip-bomb", bomb, ELSE, ELSE, alone=INVALID, alone_stream=INVALID),
    Row(27, "a-line-beyond-the-cap", says(_long_line), alone_stream=cut("upstream_invalid", PIECE)),
    Row(27, "split-characters-crlf-and-bom", says(_utf8), alone_stream=by_a("Straße, 漢字, 🙂.")),
    Row(27, "twenty-thousand-events", says(_many), alone_stream=by_a("x" * 20_000)),
    Row(28, "no-usage", _usage(said=None), alone=by_a(bought=True), alone_stream=by_a(bought=True)),
    Row(28, "negative-usage", _usage(said=-7, number=1), alone=by_a(bought=True), alone_stream=by_a(bought=True)),
    Row(28, "usage-in-words", _usage(said="many", number=1), alone=by_a(bought=True), alone_stream=by_a(bought=True)),
    Row(28, "usage-is-a-text", _usage(said="none"), alone=by_a(bought=True), alone_stream=by_a(bought=True)),
    Row(29, "another-model", says(_other_model), alone=by_a(), alone_stream=by_a()),
)  # fmt: skip
