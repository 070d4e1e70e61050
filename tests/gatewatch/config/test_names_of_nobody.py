"""Names that nobody has are found, with the name that was probably meant."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.config.models import Config
from gatewatch.config.names_of_nobody import names_of_nobody
from gatewatch.config.problems import key_text
from gatewatch.control.store import ControlStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    """Team search with project web and one key, `search-app`."""
    with ControlStore.open(tmp_path / "control.db") as store:
        store.create_key("search-app", team="search", project="web", pepper=bytes(32), create_team=True)
        yield store


def found(store: ControlStore, **tree: Any) -> dict[str, str]:
    """Place → what is said of it."""
    return {key_text(each.path): str(each) for each in names_of_nobody(Config.model_validate(tree), store)}


def budget(store: ControlStore, scope: str, **more: Any) -> str | None:
    """What is said of a budget of that scope."""
    return found(store, budgets={"b": {"scope": scope, "usd": 1}}, **more).get("budgets.b.scope")


def test_who_is_there_may_be_named(store: ControlStore) -> None:
    (key,) = store.keys()
    for scope in ("gateway", "team", "key", "team/search", "project/search/web", f"key/{key.id}", "user/anybody"):
        assert budget(store, scope) is None, scope


def test_a_team_of_the_file_is_there_before_its_first_key(store: ControlStore) -> None:
    assert budget(store, "team/ads", teams={"ads": {}}) is None
    assert budget(store, "team/ads") == "budgets.b.scope: found no team 'ads'; allowed: search"


def test_a_misspelt_team_or_project_is_told_with_the_nearest(store: ControlStore) -> None:
    assert budget(store, "team/serch") == "budgets.b.scope: found no team 'serch'; did you mean search?"
    assert budget(store, "project/search/wbe") == (
        "budgets.b.scope: found no project 'wbe' in team search; did you mean web?"
    )


def test_a_key_by_its_name_is_told_with_its_id(store: ControlStore) -> None:
    (key,) = store.keys()
    said = found(store, limits={"l": {"scope": "key/search-app", "requests": 1}})["limits.l.scope"]
    assert f"{key.id}, the id of search-app" in said
    assert f"{key.id}, which is called search-app" in str(budget(store, "key/serach-app"))


def test_a_name_that_several_keys_have_is_told_with_all_of_them(store: ControlStore) -> None:
    store.create_key("search-app", team="ads", pepper=bytes(32), create_team=True)
    said = str(budget(store, "key/search-app"))
    first, second = store.keys()
    assert first.id in said
    assert second.id in said


def test_names_of_alerts_are_looked_at_too(store: ControlStore) -> None:
    alerts = {
        "blocked": {"only": ["serch", "se*"]},
        "velocity": {"only": ["search-app"]},
        "budget-80": {"only": ["budgets.a/usd", "budgets.z/usd"]},
        "p": {"when": "p95", "above": "1s", "per": "user", "only": ["whoever"]},
    }
    said = found(store, alerts=alerts, budgets={"a": {"scope": "team", "usd": 1}})
    assert set(said) == {"alerts.blocked.only[0]", "alerts.velocity.only[0]", "alerts.budget-80.only[1]"}
    assert "did you mean search?" in said["alerts.blocked.only[0]"]
