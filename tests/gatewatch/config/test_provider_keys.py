from pathlib import Path

import pytest

from gatewatch.config import ConfigError, Loaded, load

FILE = """
providers:
  openai:
    preset: openai
    api_keys:
      - {name: main, key: vault:one, weight: 3}
      - {name: search, key: env:TWO, teams: [search], models: [fast, openai/gpt-4o]}
models:
  fast: {targets: [openai/gpt-4o-mini]}
teams:
  search: {}
"""


def read(folder: Path, text: str) -> Loaded:
    file = folder / "gatewatch.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, {})


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        read(folder, text)
    (said,) = refused.value.texts()
    return said


def test_a_provider_may_have_several_keys_with_names_weights_and_whom_they_are_for(tmp_path: Path) -> None:
    provider = read(tmp_path, FILE).config.providers["openai"]
    assert provider.api_key is None
    assert provider.references == {"main": "vault:one", "search": "env:TWO"}
    main, search = provider.api_keys or ()
    assert (main.weight, main.teams, main.models) == (3, None, None)
    assert (search.weight, search.teams, search.models) == (1, ("search",), ("fast", "openai/gpt-4o"))


def test_what_config_show_prints_loads_to_the_same(tmp_path: Path) -> None:
    loaded = read(tmp_path, FILE)
    assert read(tmp_path, loaded.text()).config == loaded.config


def test_one_key_is_named_by_its_reference(tmp_path: Path) -> None:
    config = read(tmp_path, "providers: {openai: {preset: openai}, local: {preset: ollama}}").config
    assert config.providers["openai"].references == {"env:OPENAI_API_KEY": "env:OPENAI_API_KEY"}
    assert config.providers["local"].references == {"none": "none"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("preset: openai", "preset: openai\n    api_key: vault:old", "openai.api_keys: found api_keys beside api_key"),
        ("name: search", "name: main", "api_keys[1].name: found main again; allowed: each name once"),
        ("[search]", "[serch]", "api_keys[1].teams[0]: found no team 'serch'"),
        ("[search]", "[serch]", "did you mean search?"),
        ("[fast,", "[fats,", "did you mean fast?"),
        ("openai/gpt-4o]", "other/gpt-4o]", "api_keys[1].models[1]: found no model 'other/gpt-4o'"),
        ("env:TWO", "none", "api_keys[1].key: found none; allowed: where it is"),
        ("env:TWO", "a-key-as-it-is", "api_keys[1].key: found a text that is not repeated here"),
        ("weight: 3", "weight: 0", "api_keys[0].weight: found '0'"),
        ("weight: 3", "weigth: 3", "did you mean weight?"),
        ("name: main", "name: none", "api_keys[0].name: found 'none'; allowed: another name"),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    told = complaint(tmp_path, FILE.replace(old, new, 1))
    assert said in told
    line = next(number for number, line in enumerate(FILE.splitlines(), 1) if old in line)
    assert f"gatewatch.yaml:{line + ('beside' in said)}:" in told or "beside" in said


def test_signers_may_have_keys_of_their_own_surroundings(tmp_path: Path) -> None:
    keys = "[{name: own, key: none}, {name: other, key: vault:aws}]"
    config = read(tmp_path, f"providers: {{b: {{preset: bedrock, region: eu-west-1, auth: sigv4, api_keys: {keys}}}}}")
    assert config.config.providers["b"].references == {"own": "none", "other": "vault:aws"}
