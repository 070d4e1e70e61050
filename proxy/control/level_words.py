"""What is measured of a target, for people."""

from gatewatch.alerts.amount import amount_text
from gatewatch.routing.service_level import Level, Measured, Misses


def measured_text(level: Level, seen: Measured, misses: Misses) -> str:
    """Of what it misses: `p95 4 s of 25 calls, 2.5 s at most`."""
    said = []
    if "p95" in misses:
        said.append(f"{_p95(seen)}, {amount_text('time', level.p95)} at most")
    if "errors" in misses:
        most = amount_text("share", level.errors)
        said.append(f"{seen.failures} of {seen.tries} tries failed in a day, {most} at most")
    return "; ".join(said)


def kept_text(level: Level, seen: Measured) -> str:
    """Why it comes back."""
    failed = f"{seen.failures} of {seen.tries} tries failed in a day"
    if seen.p95 is None:
        return f"too few calls to tell, so it is tried again; {failed}"
    return f"{_p95(seen)}, {amount_text('time', level.p95)} at most; {failed}"


def _p95(seen: Measured) -> str:
    if seen.p95 is None:
        return "too few calls to tell"
    return f"p95 {amount_text('time', seen.p95)} of {seen.timed} calls"
