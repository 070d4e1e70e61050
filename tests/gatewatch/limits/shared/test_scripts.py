"""The scripts: each is what its file says, and runs in the store."""

from pathlib import Path

import pytest

from gatewatch.limits.shared import scripts
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.connection import connect
from gatewatch.limits.shared.scripts import OF_CONTROL, OF_WORKERS, RESERVE, Script
from gatewatch.limits.shared.store_id import load
from tests.kit.redis_server import redis_server


def test_no_script_is_left_out() -> None:
    files = {path.stem for path in Path(scripts.__file__).parent.joinpath("lua").glob("*.lua")} - {"prelude"}
    assert {name for name in files if isinstance(getattr(scripts, name.upper()), Script)} == files
    assert {script.sha for script in (*OF_WORKERS, *OF_CONTROL)} == {getattr(scripts, f.upper()).sha for f in files}


async def test_the_store_knows_them_by_the_names_that_they_have_here(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        connection = await connect(read_url(redis.url), 5, seconds=5)
        await load(connection, (*OF_WORKERS, *OF_CONTROL))
        connection.close("done")


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["0"], "0"),
        (["999999999999", "1"], "1000000000000"),
        (["9007199254740993", "1"], "9007199254740994"),
        (["9223372036854775807"], "9223372036854775807"),
        (["999999999999"] * 5000, str(999999999999 * 5000)),
        (["9999999999999999"] * 900, str(9999999999999999 * 900)),
    ],
)
async def test_sums_in_the_store_are_exact_beyond_what_doubles_can_tell(
    tmp_path: Path, amounts: list[str], expected: str
) -> None:
    prelude = RESERVE.source.partition("-- KEYS: run, seeded, counters.")[0]
    source = f"{prelude} local sum = {{0, 0}} for i = 1, #ARGV do add(sum, ARGV[i]) end return text(normal(sum))"
    with redis_server(tmp_path) as redis:
        connection = await connect(read_url(redis.url), 5, seconds=5)
        assert await connection.ask("EVAL", source, 0, *amounts) == expected.encode()
        connection.close("done")
