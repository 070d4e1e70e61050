"""What callers want of the cache."""

import pytest

from proxy.refusal import Refusal
from proxy.worker.caching.wish import ANY, NOTHING, Wish, wish_of


@pytest.mark.parametrize(
    ("headers", "wish"),
    [
        ({}, ANY),
        ({b"cache-control": b"no-store"}, NOTHING),
        ({b"cache-control": b"No-Cache"}, Wish(reads=False)),
        ({b"cache-control": b"max-age=30, no-store"}, NOTHING),
        ({b"cache-control": b"no-cache, max-age=30"}, Wish(reads=False)),
        ({b"cache-control": b"max-age=30"}, Wish(younger=30.0)),
        ({b"cache-control": b' max-age = "30" '}, Wish(younger=30.0)),
        ({b"cache-control": b"max-age=-1"}, Wish(reads=False)),
        ({b"cache-control": b"max-age=" + b"9" * 400}, Wish(reads=False)),
        ({b"cache-control": b"private, s-maxage=5"}, ANY),
        ({b"x-gatewatch-cache": b"Bypass"}, NOTHING),
        ({b"x-gatewatch-cache": b"refresh"}, Wish(reads=False)),
        ({b"x-gatewatch-cache": b"bypass", b"cache-control": b"max-age=30"}, NOTHING),
        ({b"x-gatewatch-cache": b""}, ANY),
        ({b"cache-control": b"\xff\x00=,,"}, ANY),
    ],
)
def test_the_stricter_of_what_is_said_holds(headers: dict[bytes, bytes], wish: Wish) -> None:
    assert wish_of(headers) == wish


def test_a_word_that_is_none_of_ours_is_told_to_the_caller() -> None:
    with pytest.raises(Refusal) as told:
        wish_of({b"x-gatewatch-cache": b"nonsense"})
    assert (told.value.status, told.value.code, told.value.param) == (400, "invalid_cache", "x-gatewatch-cache")
