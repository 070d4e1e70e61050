"""Takes values out of what /proc/PID/environ shows of this process.

The kernel shows the memory in which the process found its environment when it was started; removing a variable leaves
the text there, for every process of the same user and for whoever reads a crash dump.
"""

from collections.abc import Collection

_START, _END = 50 - 3, 51 - 3
"""Places of env_start and env_end in /proc/PID/stat (proc(5)), counted behind the command's name."""


def erase(names: Collection[str]) -> bool:
    """Overwrites the values of these variables with zeros. Nobody may use them any more.

    False where the system has no such memory, or does not let us.
    """
    try:
        with open("/proc/self/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        start, end = int(fields[_START]), int(fields[_END])
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(start)
            block = memory.read(end - start)
            at = start
            for entry in block.split(b"\0"):
                name, _, value = entry.partition(b"=")
                if value and name.decode(errors="replace") in names:
                    memory.seek(at + len(name) + 1)
                    memory.write(bytes(len(value)))
                at += len(entry) + 1
    except (OSError, ValueError, IndexError):
        return False
    return True
