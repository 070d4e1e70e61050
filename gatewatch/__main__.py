"""The `gatewatch` command. Reaches the command line lazily, and always our own `app`."""

import sys
from pathlib import Path


def main() -> int:
    """Run the command line; returns the exit code.

    Our install root goes first on `sys.path`, so that an `app/` in the user's folder or on PYTHONPATH cannot
    shadow ours.
    """
    root = str(Path(__file__).resolve().parent.parent)
    if sys.path[0] != root:
        sys.path.insert(0, root)
    from app.cli.main import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
