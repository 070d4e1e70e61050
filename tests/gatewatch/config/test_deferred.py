"""How deferred calls are run, as the configuration file says it."""

from gatewatch.config import Config
from gatewatch.config.deferred import Deferred
from proxy.settings import Deferring


def test_what_the_file_leaves_out_is_what_a_worker_takes_without_being_told() -> None:
    assert Deferring(**dict(Config().deferred)) == Deferring()


def test_durations_and_sizes_are_written_as_elsewhere() -> None:
    said = Deferred.model_validate({"gather": "5s", "size": "2GiB", "keep": "7d", "running": 2})
    assert (said.gather, said.size, said.keep, said.running) == (5_000_000, 2 * 2**30, 7 * 86_400_000_000, 2)
