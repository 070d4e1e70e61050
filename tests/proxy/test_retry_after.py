"""However a provider says how long to wait, the client hears seconds it can use, or nothing."""

import pytest

from proxy.retry_after import retry_after_seconds, wait_seconds

NOW = 1_792_000_000.0  # 2026-10-14T17:46:40Z


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({b"retry-after": b"7"}, 7.0),
        ({b"retry-after": b"0.2"}, 1.0),
        ({b"retry-after-ms": b"1500", b"retry-after": b"9"}, 1.5),
        ({b"retry-after": b"Wed, 14 Oct 2026 17:47:10 GMT"}, 30.0),
        ({b"retry-after": b"2026-10-14T17:47:40Z"}, 60.0),
        ({b"retry-after": b"1792000005"}, 5.0),
        ({b"retry-after": b"1792000005000"}, 5.0),
        ({b"x-ratelimit-reset-requests": b"6m0s"}, 360.0),
        ({b"x-ratelimit-reset-tokens": b"12ms"}, 1.0),
        ({b"x-ratelimit-reset-requests": b"1h2m3.5s", b"x-ratelimit-reset-tokens": b"1s"}, 3723.5),
        ({b"retry-after": b"37s"}, 37.0),
        ({b"retry-after": b"86400"}, 86400.0),
    ],
)
def test_a_wait_that_can_be_kept(headers: dict[bytes, bytes], seconds: float) -> None:
    assert retry_after_seconds(headers, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "said",
    [b"", b"0", b"-1", b"-5", b"1e9", b"1000000000", b"86401", b"soon", b"nan", b"inf", b"\xff\xfe", b"9" * 400,
     b"Wed, 21 Oct 2015 07:28:00 GMT", b"2015-10-21T07:28:00Z", b"Wed, 99 Foo 2026 25:61:61 GMT"],
)  # fmt: skip
def test_nonsense_is_no_wait(said: bytes) -> None:
    assert retry_after_seconds({b"retry-after": said}, NOW) is None


def test_nothing_said_is_no_wait() -> None:
    assert retry_after_seconds({}, NOW) is None


@pytest.mark.parametrize(
    ("said", "seconds"), [(b"6m0s", 360.0), (b"12ms", 0.012), (b"0", 0.0), (b"-1", None), (None, None)]
)
def test_a_time_of_a_header_is_read_without_bounds(said: bytes | None, seconds: float | None) -> None:
    assert wait_seconds(said, NOW) == seconds
