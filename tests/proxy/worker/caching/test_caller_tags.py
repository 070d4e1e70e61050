"""The tags that callers give their replies."""

import pytest

from proxy.refusal import Refusal
from proxy.worker.caching.caller_tags import caller_tags


def test_tags_are_parted_by_commas() -> None:
    assert caller_tags({b"x-gatewatch-cache-tags": b" a, b,,a ,c d"}) == ("a", "b", "c d")
    assert caller_tags({}) == ()


@pytest.mark.parametrize("said", [b"x" * 65, b",".join(b"%d" % n for n in range(17))])
def test_too_many_are_refused_for_none_is_left_out(said: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        caller_tags({b"x-gatewatch-cache-tags": said})
    assert refused.value.status == 400
