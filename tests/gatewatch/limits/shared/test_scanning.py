"""The store is looked through once for all rules, and tells of this gateway's counters alone."""

from pathlib import Path

import msgspec

from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.connection import connect
from gatewatch.limits.shared.names import Names, token
from gatewatch.limits.shared.scanning import counters_of
from gatewatch.limits.window import Window
from tests.kit.redis_server import redis_server

RULE = Rule(id="r", kind="limit", scope="user", measure="tokens", most=1, window=Window(seconds=60))
RULES = [msgspec.structs.replace(RULE, id=f"r{n}") for n in range(20)]


async def test_counters_of_all_rules_are_found_in_one_look(tmp_path: Path) -> None:
    names, others = Names("g[*]"), Names("other")
    with redis_server(tmp_path) as redis:
        connection = await connect(read_url(redis.url), 5, seconds=5)
        for n in range(3000):
            connection.ask("SET", f"somebody else's {n}", "1")
        for rule in RULES:
            await connection.ask("HSET", names.counter(token(rule), "ann|bob *"), "1", "1")
            await connection.ask("HSET", others.counter(token(rule), "ann"), "1", "1")
        longer = msgspec.structs.replace(RULES[0], window=Window(seconds=120))
        await connection.ask("HSET", names.counter(token(longer), "counted otherwise"), "1", "1")
        await connection.ask("CONFIG", "RESETSTAT")
        found = await counters_of(connection, names, RULES)
        scans = redis.ask("INFO", "commandstats").partition("cmdstat_scan:calls=")[2].partition(",")[0]
        connection.close("done")
    assert sorted(found.values()) == sorted(f"{rule.id}|ann|bob *" for rule in RULES)
    assert list(found) == sorted(found)
    assert int(scans) <= 8, "3041 keys, a thousand at a time, and not once for each rule"
