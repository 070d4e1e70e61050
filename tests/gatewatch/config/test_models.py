import inspect

import pytest

from gatewatch.config import models
from gatewatch.config.models import Config
from gatewatch.config.section import Section
from proxy.settings import Caps, Deadlines

SECTIONS = [kind for _, kind in inspect.getmembers(models, inspect.isclass) if issubclass(kind, Section)]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_documented_and_no_other_is_taken(section: type[Section]) -> None:
    assert section.__doc__
    assert section.model_config["extra"] == "forbid"
    for name, field in section.model_fields.items():
        assert field.description, f"{section.__name__}.{name}"


def test_defaults_of_time_and_size_are_those_of_the_worker() -> None:
    """Two places name them: the file's documentation and the worker's settings. They may not differ."""
    ours, theirs = models.Deadlines(), Deadlines()
    for name in Deadlines.__struct_fields__:
        assert getattr(ours, name) / 1_000_000 == getattr(theirs, name)
    pairs = {
        "body": "body_bytes",
        "headers": "header_bytes",
        "header_count": "header_count",
        "url": "url_bytes",
        "connections": "connections",
        "connections_per_source": "connections_per_source",
        "reply": "reply_bytes",
        "sse_line": "sse_line_bytes",
        "held_reply": "held_reply_bytes",
    }
    times = {"header_time": "header_seconds", "body_time": "body_seconds", "keep_alive": "keep_alive_seconds"}
    times["write_time"] = "write_seconds"
    caps = models.Caps()
    assert {*pairs.values(), *times.values()} == set(Caps.__struct_fields__)
    assert set(pairs) | set(times) == set(models.Caps.model_fields)
    for name, field in pairs.items():
        assert getattr(caps, name) == getattr(Caps(), field)
    for name, field in times.items():
        assert getattr(caps, name) / 1_000_000 == getattr(Caps(), field)


def test_the_file_has_the_keys_of_the_contract() -> None:
    """ARCHITECTURE.md §9, with what it needs beside."""
    promised = (
        "listen tls hosts behind_proxy stores control providers models deadlines teams leaks ledger vault vault_options"
        " audit caps workers limits budgets tiers unpriced pacing alerts alert_sinks metrics"
        " resilience workloads cache deferred"
    )
    assert set(Config.model_fields) == set(promised.split())


def test_no_call_may_last_longer_than_what_it_holds_of_limits_and_budgets() -> None:
    assert models.Deadlines.model_validate({"total": "1h"}).total == 3_600_000_000
    with pytest.raises(ValueError, match="a duration up to 1h"):
        models.Deadlines.model_validate({"total": "90m"})
