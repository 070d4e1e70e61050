from pathlib import Path

from benchmarks.candidates import CANDIDATES, DIRECT, Upstreams, gatewatch_config
from gatewatch.config import load


def test_candidates_have_names_of_their_own() -> None:
    assert len({candidate.name for candidate in CANDIDATES}) == len(CANDIDATES)


def test_direct_starts_nothing_and_leads_to_the_mocks(tmp_path: Path) -> None:
    (direct,) = [candidate for candidate in CANDIDATES if candidate.name == DIRECT]
    prepared = direct.prepare(tmp_path, 1, Upstreams(2, 3))
    assert prepared.command == ()
    assert [door.port for door in prepared.doors] == [2, 3, 3]


def test_our_configuration_is_a_valid_one_and_sets_nothing_but_providers_and_models(tmp_path: Path) -> None:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(gatewatch_config(Upstreams(9001, 9003)), encoding="utf-8")
    config = load(file, {"UPSTREAM_KEY": "x"}).config
    assert config.model_fields_set == {"providers", "models", "hosts"}  # hosts: filled in on loading
    assert config.providers["burst"].ways[0].base_url == "http://127.0.0.1:9003/burst/v1"
    assert config.models["paced"].targets == ("paced/gpt-4o",)
