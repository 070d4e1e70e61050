import json

from benchmarks.sample import Sample, Samples, samples_from_json

SAMPLES = Samples(
    [
        Sample("open", "direct", 1, {"p50_ms": 0.1, "calls": 10}),
        Sample("open", "nginx", 1, {"p50_ms": 0.3, "calls": 20}),
        Sample("open", "direct", 2, {"p50_ms": 0.2, "calls": 10}, "steal 3%"),
        Sample("burst", "nginx", 1, {"calls": 5}),
    ]
)


def test_a_value_is_found_by_measure_and_candidate_for_each_round() -> None:
    assert SAMPLES.of("open", "direct", "p50_ms") == {1: 0.1, 2: 0.2}
    assert SAMPLES.of("burst", "nginx", "p50_ms") == {}


def test_candidates_keep_their_order() -> None:
    assert SAMPLES.candidates("open") == ["direct", "nginx"]


def test_sums_go_over_all_measures() -> None:
    assert SAMPLES.total("calls", "nginx") == 25


def test_one_disturbed_round_casts_doubt_on_its_cell_only() -> None:
    assert SAMPLES.doubted("open", "direct")
    assert not SAMPLES.doubted("open", "nginx")


def test_samples_come_back_from_json_as_they_were() -> None:
    assert list(samples_from_json(json.loads(json.dumps(SAMPLES.as_json())))) == list(SAMPLES)
