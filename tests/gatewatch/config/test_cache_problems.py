"""What a configuration of the cache needs beside itself."""

import pytest

from gatewatch.config.cache_problems import cache_problems
from gatewatch.config.models import Config


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, []),
        ({"cache": {"shared": True}}, [("cache", "shared")]),
        ({"cache": {"shared": True}, "stores": {"limits": "redis://localhost"}}, []),
        ({"cache": {"size": "1MB", "entry": "2MB"}}, [("cache", "entry")]),
        ({"cache": {"size": "2MB", "entry": "2MB"}}, []),
    ],
)
def test_a_shared_cache_needs_a_store_and_an_entry_room(said: dict[str, object], wrong: list[tuple[str, ...]]) -> None:
    assert [problem.path for problem in cache_problems(Config.model_validate(said))] == wrong
