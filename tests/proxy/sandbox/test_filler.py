import json

import pytest

from proxy.sandbox.filler import filled


@pytest.mark.parametrize("size", [100, 65_536, 65_537, 200_000])
def test_an_object_grows_to_the_very_byte_and_stays_json(size: int) -> None:
    grown = filled(b'{"a":1}', size)
    blocks = list(grown.blocks())
    whole = b"".join(blocks)
    assert len(whole) == grown.length == size
    assert json.loads(whole)["a"] == 1
    assert max(map(len, blocks)) <= 65_536


def test_what_is_longer_already_gets_an_empty_filler() -> None:
    assert b"".join(filled(b'data: {"a":1}\n\n', 3, b"}\n\n").blocks()) == b'data: {"a":1,"filler":""}\n\n'
