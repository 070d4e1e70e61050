"""Bounds for how many subjects one alert fires at once: their names may be callers' own inventions.

Keeps true: what fires already goes on to be judged; of those that would begin to, the worst do, and the others are
together one more subject, which says how many they are. On that one nothing is put in force.
"""

from collections.abc import Collection, Iterable

from gatewatch.alerts.alert import Alert, Reading, id_of

MOST_TOLD = 50
MOST_ACTED_UPON = 1000
"""Of an alert that does more than to tell."""
MORE = "more"
"""The subject of those beyond; others have a `/` in them, or are the gateway."""
_NAMED = 3


def bounded(
    alert: Alert, readings: Iterable[Reading], firing: Collection[str], waiting: Collection[str]
) -> list[Reading]:
    """What is to be judged. `firing`: ids that fire; `waiting`: ids that are over the bound, but not yet for long
    enough."""
    kept: list[Reading] = []
    would: list[Reading] = []
    for reading in readings:
        begins = reading.weight >= alert.least and alert.is_over(reading.value)
        (would if begins and id_of(alert.name, reading.subject) not in firing else kept).append(reading)
    most = MOST_TOLD if set(alert.do) <= {"notify"} else MOST_ACTED_UPON
    mine, more = f"{alert.name}|", id_of(alert.name, MORE)
    room = max(0, most - sum(id.startswith(mine) and id != more for id in firing))
    if len(would) <= room:
        return kept + would
    would.sort(key=lambda each: each.value, reverse=not alert.below)
    would.sort(key=lambda each: id_of(alert.name, each.subject) not in waiting)
    beyond = would[room:]
    return [*kept, *would[:room], _together(beyond)]


def _together(beyond: list[Reading]) -> Reading:
    names = ", ".join(each.subject for each in beyond[:_NAMED])
    detail = f"{len(beyond)} more subjects{', among them' if len(beyond) > _NAMED else ':'} {names}"
    worst = beyond[0]
    return Reading(subject=MORE, scope="", name="", value=worst.value, weight=worst.weight, detail=detail)
