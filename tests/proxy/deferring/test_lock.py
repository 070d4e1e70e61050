"""One worker of a home runs deferred calls, and when it dies another may."""

import signal
import subprocess
import sys
from pathlib import Path

from proxy.deferring.lock import RunnersLock

ROOT = Path(__file__).parents[3]


def test_only_one_has_it(tmp_path: Path) -> None:
    one, other = RunnersLock(tmp_path / "lock"), RunnersLock(tmp_path / "lock")
    assert one.take()
    assert not other.take()
    assert (one.is_held, other.is_held) == (True, False)
    one.release()
    one.release()
    assert other.take()
    other.release()


def test_a_killed_process_has_nothing_any_more(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from proxy.deferring.lock import RunnersLock;"
        "lock = RunnersLock(Path(sys.argv[1])); print(lock.take(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "lock")], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"True\n"
        lock = RunnersLock(tmp_path / "lock")
        assert not lock.take()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert lock.take()
        lock.release()
