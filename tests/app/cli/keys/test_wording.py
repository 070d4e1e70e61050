"""What people type about keys."""

import pytest

from app.cli.keys.wording import count, end, listed, picos, span
from gatewatch.errors import UsageError

HOUR = 3_600_000_000


def test_spans_lists_counts_amounts_and_ends_are_read() -> None:
    assert span("--grace", "1h") == HOUR
    assert listed("a, b,c") == ("a", "b", "c")
    assert count("--max-uses", "1_000") == count("--max-uses", "1,000") == 1000
    assert (picos("--max-usd", "0.50"), picos("--max-usd", "25")) == (500_000_000_000, 25 * 10**12)
    assert end("--expires", "1h", 5) == (HOUR, None)
    assert end("--expires", "1970-01-01T00:00:01Z", 5) == (None, 1_000_000)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "NaN", "²", "9" * 19, "", "gwk_sk_live_" + "x" * 57])
def test_counts_that_are_none(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        count("--max-uses", text)
    assert "x" * 57 not in str(refused.value)


@pytest.mark.parametrize("text", ["0", "-1", "NaN", "Infinity", "1e400", "0.0000000000001", "1,5", "", "five"])
def test_amounts_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        picos("--max-usd", text)


@pytest.mark.parametrize("text", ["0s", "1970-01-01", "soon", "", "-3d"])
def test_ends_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        end("--expires", text, 10**9)
