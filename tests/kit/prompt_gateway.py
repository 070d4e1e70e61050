"""A gateway that tells soon: live state and ledger are a twentieth of a second behind, not a whole one.

For tests that look at both after each call:

    gateway(folder, config, module=PROMPT)
"""

import sys

from gatewatch.__main__ import main
from proxy.control import process, recording
from proxy.worker import control_link

PROMPT = "tests.kit.prompt_gateway"

if __name__ == "__main__":
    control_link.REPORT_SECONDS = 0.05
    recording.LOAD_SECONDS = 0.05
    process.worker_command = lambda: [sys.executable, "-m", PROMPT, "_worker"]  # type: ignore[attr-defined]
    raise SystemExit(main())
