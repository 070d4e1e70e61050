"""Scripts are called as the store wants it."""

from pathlib import Path

from gatewatch.limits.counters import WHOLE
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.commands import packed, parts, place, plain
from gatewatch.limits.shared.connection import connect
from gatewatch.limits.shared.scripts import Script
from tests.kit.redis_server import redis_server

ECHO = "return {KEYS[1], ARGV[1]}"


async def test_a_script_is_called_with_its_arguments(tmp_path: Path) -> None:
    unpacking = "local a = cmsgpack.unpack(ARGV[1]) return {KEYS[1], a[1], a[2][1]}"
    with redis_server(tmp_path) as redis:
        connection = await connect(read_url(redis.url), 5, seconds=5)
        shas = [await connection.ask("SCRIPT", "LOAD", source) for source in (ECHO, unpacking)]
        echo, unpack = (Script("", sha.decode()) for sha in shas if isinstance(sha, bytes))
        heard: list[object] = []
        connection.send(plain(echo, ["k"], 7), heard.append)
        connection.send(packed(unpack, ["k"], "é|x", [str(2**62)]), heard.append)
        assert await connection.ask(*parts(echo, ["k"], b"raw")) == [b"k", b"raw"]
        assert heard == [[b"k", b"7"], [b"k", "é|x".encode(), str(2**62).encode()]]
        connection.close("done")


def test_a_position_is_the_number_of_the_segment_and_the_offset() -> None:
    assert place(("20260102T030405Z-0123abcd-000012", WHOLE)) == ("12", str(WHOLE))
    assert place(None) == ("", "")
