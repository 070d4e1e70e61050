"""How old keys in the vault are; of others nothing is known."""

from pathlib import Path

from gatewatch.config import load
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.control.alerting.provider_key_ages import provider_key_ages
from tests.kit.acting import DAY, Clock

FILE = """
providers:
  openai: {preset: openai, api_key: vault:openai}
  many:
    preset: groq
    api_keys: [{name: a, key: vault:many-a}, {name: b, key: "env:B"}, {name: c, key: vault:unset}]
"""


def test_the_age_of_a_key_counts_from_when_it_was_set(tmp_path: Path) -> None:
    home, clock = Home(tmp_path / "home").make(), Clock()
    clock.now -= 40 * DAY
    file = tmp_path / "gatewatch.yaml"
    file.write_text(FILE, encoding="utf-8")
    with ControlStore.open(home.control, clock=clock) as store:
        store.note_provider_key("openai")
        clock.now += 10 * DAY
        store.note_provider_key("many-a")
    ages = provider_key_ages(home, load(file, {}).config)
    assert {name: age // DAY for name, age in ages.items()} == {"openai/vault:openai": 40, "many/a": 30}
