"""What apps may invalidate: what their own key may be given."""

from typing import Any

import msgspec
import pytest

from gatewatch.control.records import KeyRecord
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.refusal import Refusal
from proxy.worker.caching.hook import asked_invalidation
from tests.kit.worker_process import PEPPER


@pytest.fixture
def key(tmp_path: Any) -> KeyRecord:
    with ControlStore.open(Home(tmp_path).make().control) as store:
        return store.create_key("app", team="search", pepper=PEPPER, create_team=True)[0]


def test_it_is_of_the_team_and_of_the_key_itself(key: KeyRecord) -> None:
    which = asked_invalidation({"tags": ["a"]}, key)
    assert which.tags == ("a",)
    assert which.tenants == ("team:search", f"key:{key.id}")
    assert asked_invalidation({"all": True}, key).tenants == which.tenants


@pytest.mark.parametrize(
    "body", [{}, {"tags": []}, {"all": True, "tags": ["a"]}, {"tenants": ["team:x"]}, {"tags": [1]}, {"route": 5}]
)
def test_what_is_not_clear_is_refused(key: KeyRecord, body: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        asked_invalidation(body, key)
    assert refused.value.status == 400


def test_an_admin_key_has_no_replies(key: KeyRecord) -> None:
    with pytest.raises(Refusal) as refused:
        asked_invalidation({"all": True}, msgspec.structs.replace(key, kind="admin"))
    assert refused.value.status == 403
