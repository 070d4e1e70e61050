"""What the outside judge is shown, and how its verdicts are told."""

import os
from pathlib import Path

from benchmarks.failoverbench import SCENARIOS, SETTINGS, config, table
from gatewatch.config.loading import load


def document(verdict: str) -> dict[str, object]:
    metrics = {"attempts_primary": 1, "attempts_fallback": 0, "elapsed_s": 1.25}
    scenario = {"id": "S01", "title": "429", "verdict": verdict, "reason": "a | b", "metrics": metrics}
    return {"scenarios": [scenario], "summary": {"pass": 0, "partial": 1, "safe": 0, "fail": 0}}


def test_every_scenario_is_a_model_of_a_sound_configuration(tmp_path: Path) -> None:
    for more in SETTINGS.values():
        file = tmp_path / "gatewatch.yaml"
        file.write_text(config("http://127.0.0.1:8401", more))
        assert load(file, os.environ).config.models.keys() == {"fb-ok", *SCENARIOS}


def test_a_verdict_says_what_it_is_for_unless_it_is_a_pass() -> None:
    told = table({"as it comes": document("partial"), "tuned": document("pass")})
    assert told[2] == "| S01 429 | partial (1p/0f · 1.2 s): a / b | pass (1p/0f · 1.2 s) |"
    assert told[-1].count("0 pass, 1 partial, 0 safe, 0 fail") == 2
