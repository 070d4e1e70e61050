"""The samples of a run as Markdown: medians with their range, ratios of the same round."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmarks.candidates import DIRECT, GATEWATCH, NGINX
from benchmarks.measures import CONNECTIONS
from benchmarks.sample import Samples
from benchmarks.spread import Spread, added, paired, spread
from benchmarks.starts import HELP, START
from benchmarks.targets import TARGETS, Judged, judge

NONE = "–"
LISTED = 12
"""So many disturbed samples are named; more are counted."""


def number(value: float) -> str:
    """Three digits that count, thousands in full."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def cell(values: Iterable[float], *, doubted: bool = False) -> str:
    """`median (low–high)`; a dash where there is nothing, the value alone where there is one, a star on doubt."""
    seen = list(values)
    if not seen:
        return NONE
    return (number(seen[0]) if len(seen) == 1 else ranged(spread(seen))) + ("*" if doubted else "")


def measured(samples: Samples, measure: str, candidate: str, value: str) -> str:
    """The cell of one value of one candidate."""
    return cell(samples.of(measure, candidate, value).values(), doubted=samples.doubted(measure, candidate))


def ranged(seen: Spread) -> str:
    return f"{number(seen.median)} ({number(seen.low)}–{number(seen.high)})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; rows in which nothing was measured are left out."""
    kept = [row for row in rows if any(each != NONE for each in row[1:])]
    lines = [head, ["---"] * len(head), *kept]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


Pairing = Callable[[Mapping[int, float], Mapping[int, float]], list[float]]


def side_by_side(
    samples: Samples, title: str, rows: Sequence[tuple[str, str, str]], last: str, pairing: Pairing
) -> str:
    """Rows are (text, measure, value); the last column pairs Gatewatch with whom `last` ends on."""
    names = list(dict.fromkeys(name for _, measure, _ in rows for name in samples.candidates(measure)))
    other = DIRECT if pairing is added else NGINX
    return table(
        [title, *names, last],
        (
            [
                text,
                *(measured(samples, measure, name, value) for name in names),
                cell(pairing(samples.of(measure, GATEWATCH, value), samples.of(measure, other, value))),
            ]
            for text, measure, value in rows
        ),
    )


def processor_rows(samples: Samples) -> str:
    """What a call costs; Gatewatch's control process with the recorder stands apart."""
    rows = [(f"plain, {n} connection{'s' * (n > 1)}", f"closed {n}") for n in CONNECTIONS]
    rows += [("plain, 200/s", "open"), ("stream, burst", "burst"), ("stream, paced", "paced")]
    names = [name for name in samples.candidates("closed 64") if name != DIRECT]
    return table(
        [
            "CPU-µs per call",
            *(f"{name} worker" for name in names),
            f"{GATEWATCH} control process",
            f"{GATEWATCH} worker ÷ nginx",
        ],
        (
            [
                text,
                *(measured(samples, measure, name, "worker_us") for name in names),
                measured(samples, measure, GATEWATCH, "beside_us"),
                cell(paired(samples.of(measure, GATEWATCH, "worker_us"), samples.of(measure, NGINX, "worker_us"))),
            ]
            for text, measure in rows
        ),
    )


def start_rows(samples: Samples) -> str:
    rows = [
        ("process start to the first 200, s", "first_200_s"),
        ("worker memory idle, MB", "idle_mb"),
        ("worker memory after 20,000 calls, MB", "after_mb"),
        ("other processes' memory idle, MB", "beside_idle_mb"),
        ("other processes' memory after 20,000 calls, MB", "beside_after_mb"),
    ]
    names = [name for name in samples.candidates(START) if name != DIRECT]
    body = [[text, *(measured(samples, START, name, value) for name in names)] for text, value in rows]
    return table(["start", *names], body)


def judged_rows(judged: Sequence[Judged]) -> str:
    rows = []
    for each in judged:
        sign = "≥" if each.target.more_is_better else "≤"
        goal = f"{sign} {each.target.goal:g}" + (f" (floor {each.target.floor:g})" if each.target.floor else "")
        verdict = each.verdict if each.verdict == "hit" else f"**{each.verdict}**"
        rows.append([each.target.text, goal, ranged(each.seen), f"{verdict} ({each.hits} of {each.rounds})"])
    return table(["target", "goal", "seen", "verdict (rounds that reach the goal)"], rows)


def disturbed_rows(samples: Samples) -> str:
    """Which samples are to be doubted; they are in the tables nevertheless, with a star."""
    found, total = samples.disturbed(), len(list(samples))
    if not found:
        return f"None of {total} samples was disturbed."
    if len(found) <= LISTED:
        listed = (f"{each.measure} of {each.candidate} in round {each.round} ({each.disturbed})" for each in found)
        texts = ", ".join(listed)
    else:
        counts = Counter(each.round for each in found)
        texts = ", ".join(f"{counts[number]} in round {number}" for number in sorted(counts))
    return f"{len(found)} of {total} samples were disturbed; their cells have a star: {texts}."


def markdown(samples: Samples, facts: Mapping[str, str]) -> str:
    """The whole report."""
    rates = [(f"{n} connection{'s' * (n > 1)}", f"closed {n}", "per_s") for n in CONNECTIONS]
    tails = [(f"{n} connection{'s' * (n > 1)}", f"closed {n}", "p99_ms") for n in CONNECTIONS]
    latencies = [(name, "open", f"{name}_ms") for name in ("p50", "p95", "p99")]
    burst = [("streams/s", "burst", "per_s"), ("TTFT p50, ms", "burst", "ttft_p50_ms")]
    paced = [
        ("TTFT p50", "paced", "ttft_p50_ms"),
        ("total p50", "paced", "total_p50_ms"),
        ("total p99", "paced", "total_p99_ms"),
    ]
    judged = [each for target in TARGETS if (each := judge(target, samples))]
    errors = {name: samples.total("errors", name) for name in samples.candidates("open")}
    by_ratio = f"{GATEWATCH} ÷ nginx"
    by_addition = f"{GATEWATCH} adds"
    helped = added(samples.of(HELP, "gatewatch", "seconds"), samples.of(HELP, "python", "seconds"))
    parts = [
        "\n".join(f"- {name}: {text}" for name, text in facts.items()),
        judged_rows(judged),
        side_by_side(samples, "requests/s, closed loop", rates, by_ratio, paired),
        side_by_side(samples, "p99 ms, closed loop (saturated)", tails, by_ratio, paired),
        processor_rows(samples),
        side_by_side(samples, "burst SSE, 10 connections", burst, by_ratio, paired),
        side_by_side(samples, "ms at 200 requests/s, open loop", latencies, by_addition, added),
        side_by_side(samples, "50 paced streams, ms", paced, by_addition, added),
        start_rows(samples),
        f"`gatewatch --help`: {cell(helped)} s after interpreter start.",
        "Errors: " + ", ".join(f"{name} {count:.0f}" for name, count in errors.items()) + ".",
        disturbed_rows(samples),
    ]
    return "\n\n".join(parts) + "\n"
