"""A gateway whose workers hold no grudge: a provider's key that has failed is tried again by the very next call.

For tests that ask one provider for every error there is, and want each call to be asked for itself:

    gateway(folder, config, module=FORGIVING)
"""

import sys

from gatewatch.__main__ import main
from gatewatch.control import key_hold
from proxy.control import process
from proxy.worker import quarantine

FORGIVING = "tests.kit.forgiving"

if __name__ == "__main__":
    key_hold.FIRST_PAUSE_US = 0
    quarantine.AGAIN_SECONDS = 0.0
    process.worker_command = lambda: [sys.executable, "-m", FORGIVING, "_worker"]  # type: ignore[attr-defined]
    raise SystemExit(main())
