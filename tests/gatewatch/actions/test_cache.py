"""Kept replies, looked at and invalidated by whoever may."""

from pathlib import Path
from typing import Any

import pytest

from gatewatch.errors import Unreachable, UsageError
from tests.kit.acting import RunningGateway, Stage


class Caching(RunningGateway):
    """A gateway of two workers with replies."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, str]] = []

    def live(self) -> dict[str, Any]:
        counts = {"entries": 2, "bytes": 100, "hits": 5, "misses": 3, "shared_away": None}
        return {"workers": [{"pid": pid, "cache": counts} for pid in (1, 2)]}

    def invalidate_cache(self, said: dict[str, str]) -> dict[str, int]:
        self.asked.append(said)
        return {"invalidated": 4, "workers": 2, "of_workers": 2}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.gateway = Caching()
    return stage


def test_stats_tell_each_worker_and_all_of_them(stage: Stage) -> None:
    rows = stage.do("cache.stats")
    assert [(row["worker"], row["entries"], row["hits"]) for row in rows] == [("1", 2, 5), ("2", 2, 5), ("all", 4, 10)]
    assert rows[-1]["shared_away"] is None


def test_an_invalidation_is_handed_on_and_audited(stage: Stage) -> None:
    assert stage.do("cache.invalidate", route="bot", tag="prices")["invalidated"] == 4
    assert stage.do("cache.invalidate", everything=True)["workers"] == 2
    assert stage.gateway.asked == [{"route": "bot", "tag": "prices"}, {}]
    assert stage.deeds()[-2:] == [
        ("cache.invalidate", "route 'bot', tag 'prices'", "ok"),
        ("cache.invalidate", "all", "ok"),
    ]


@pytest.mark.parametrize("asked", [{}, {"route": ""}, {"everything": True, "team": "search"}])
def test_what_is_not_clear_is_refused(stage: Stage, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        stage.do("cache.invalidate", **asked)
    assert stage.gateway.asked == []


@pytest.mark.parametrize(("name", "asked"), [("cache.stats", {}), ("cache.invalidate", {"everything": True})])
def test_where_no_gateway_runs_there_are_none(tmp_path: Path, name: str, asked: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        Stage(tmp_path).do(name, **asked)
