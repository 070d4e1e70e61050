"""What things are called in the store. All of one gateway's has one hash tag, so a cluster keeps it on one node.

| key | holds |
|---|---|
| `…:c:RULE#COUNTING\\|NAME` | hash of a counter, see `lua/prelude.lua` |
| `…:run:RUN` | hash of a worker: connection, last of its deeds, where that stands in the journal, what it holds |
| `…:runs` | hash: worker runs → `live`, or `buried` once all of a dead one is counted |
| `…:seeded` | hash: rules whose counters are whole → by which store, in which seeding; positions of that seeding |
| `…:tail` | list: what was settled for rules that are not seeded yet |
"""

import hashlib

from gatewatch.limits.rule import Rule


def gateway_id(pepper: str) -> str:
    """Of the gateway that has this pepper (hex): the same at each start, and tells nothing of it."""
    return hashlib.blake2b(bytes.fromhex(pepper), digest_size=8, person=b"limits store").hexdigest()


def token(rule: Rule) -> str:
    """What counts the same has the same: a rule that was changed in what it counts is another one."""
    return f"{rule.id}#{hashlib.blake2b(rule.counting.encode(), digest_size=4).hexdigest()}"


class Names:
    """The keys of one gateway."""

    def __init__(self, gateway: str) -> None:
        self.prefix = f"{{gw:{gateway}}}:"
        self.runs = f"{self.prefix}runs"
        self.seeded = f"{self.prefix}seeded"
        self.tail = f"{self.prefix}tail"
        self.counters = f"{self.prefix}c:"

    def run(self, run: str) -> str:
        """Of one worker run."""
        return f"{self.prefix}run:{run}"

    def counter(self, token: str, name: str) -> str:
        """Of a rule, for one name of its scope."""
        return f"{self.counters}{token}|{name}"
