from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.config.models import Config
from gatewatch.control.store import ControlStore
from proxy.control.secrets_watch import FILES_EVERY, SecretsWatch


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db") as store:
        yield store


def config(folder: Path) -> Config:
    keys = [{"name": "a", "key": "vault:openai"}, {"name": "b", "key": f"file:{folder / 'key'}"}]
    return Config.model_validate({"providers": {"openai": {"preset": "openai", "api_keys": keys}}})


def test_nothing_has_changed_at_the_first_look_nor_as_long_as_nothing_does(store: ControlStore, tmp_path: Path) -> None:
    watch = SecretsWatch(store)
    assert [watch.changed(config(tmp_path)) for _ in range(10)] == [False] * 10


def test_a_key_that_any_process_has_set_is_seen_once(store: ControlStore, tmp_path: Path) -> None:
    watch = SecretsWatch(store)
    watch.changed(config(tmp_path))
    with ControlStore.open(tmp_path / "control.db") as other:
        other.note_provider_key("openai")
    assert [watch.changed(config(tmp_path)) for _ in range(3)] == [True, False, False]


def test_a_file_is_seen_when_it_comes_changes_or_goes(store: ControlStore, tmp_path: Path) -> None:
    watch, file = SecretsWatch(store), tmp_path / "key"
    watch.changed(config(tmp_path))

    def sees() -> int:
        return sum(watch.changed(config(tmp_path)) for _ in range(FILES_EVERY))

    assert sees() == 0
    file.write_text("one")
    assert sees() == 1
    replaced = tmp_path / "new"
    replaced.write_text("two")
    replaced.replace(file)
    assert sees() == 1
    file.unlink()
    assert sees() == 1
    assert sees() == 0
