"""A gateway that tells soon and ends soon: live state and ledger are a twentieth of a second behind, not a whole one,
and calls have two seconds to end, not twenty-five.

For tests that look at all of it after each call:

    gateway(folder, config, module=PROMPT)
"""

import os
import select
import sys
import time

from gatewatch.__main__ import main
from proxy.control import process, recording
from proxy.worker import control_link
from proxy.worker import main as worker_main

PROMPT = "tests.kit.prompt_gateway"


def nap(seconds: float) -> None:
    """What libfaketime leaves alone: it takes the monotonic deadline of `time.sleep` for a wall clock's."""
    select.select([], [], [], seconds)


if __name__ == "__main__":
    if "FAKETIME_TIMESTAMP_FILE" in os.environ:
        time.sleep = nap
    control_link.REPORT_SECONDS = 0.05
    recording.LOAD_SECONDS = 0.05
    worker_main.DRAIN_SECONDS = 2.0
    process.worker_command = lambda: [sys.executable, "-m", PROMPT, "_worker"]  # type: ignore[attr-defined]
    raise SystemExit(main())
