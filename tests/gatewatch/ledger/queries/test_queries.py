"""The list of named queries."""

from pathlib import Path

from gatewatch.ledger import queries
from gatewatch.ledger.queries import QUERIES


def test_every_module_is_a_query_and_every_query_a_module() -> None:
    modules = {path.stem for path in Path(queries.__path__[0]).glob("*.py")} - {"__init__"}
    assert modules == QUERIES.keys()
