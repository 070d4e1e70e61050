"""A gateway whose control process dies by SIGKILL as soon as a rotation has noted a step: the one in `DIE_AFTER`.

DIE_AFTER=probed python -m tests.kit.dying_rotation serve …
"""

import os
import signal
from collections.abc import Callable
from typing import Any

from gatewatch.__main__ import main
from gatewatch.control.provider_rotations import ProviderRotations, Rotation

VARIABLE = "DIE_AFTER"


def dying(note: Callable[..., Rotation]) -> Callable[..., Rotation]:
    """The same, fatal where the step is the one."""

    def noted(*args: Any, **kwargs: Any) -> Rotation:
        rotation = note(*args, **kwargs)
        if rotation.step == os.environ[VARIABLE]:
            os.kill(os.getpid(), signal.SIGKILL)
        return rotation

    return noted


if __name__ == "__main__":
    for name in ("begin", "note", "claim_switch", "note_switched"):
        setattr(ProviderRotations, name, dying(getattr(ProviderRotations, name)))
    raise SystemExit(main())
