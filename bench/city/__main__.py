"""``make city``: five thousand pads come back from each kind of outage; a table and a plot in ``docs/``.

``CITY_PADS`` says how many (5000 unless told; they take half a megabyte each).
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Final

from bench.city.play import SCENARIOS, City, Course

_DOCS: Final = Path(__file__).parents[2] / "docs"
_PAGE, _PLOT = _DOCS / "scale.md", _DOCS / "city.png"
_BEGIN, _END = "<!-- make city -->\n", "<!-- end -->"


def main() -> int:
    """Play each; 1 if a rating was lost, doubled or left, or the city stampeded."""
    logging.disable(logging.CRITICAL)
    pads = int(os.environ.get("CITY_PADS", "5000"))
    courses = []
    for scenario in SCENARIOS:
        city = City(pads, scenario)
        courses.append(city.play())
        city.close()
        print(_line(courses[-1]), flush=True)
    page = _PAGE.read_text(encoding="utf-8")
    before, rest = page.split(_BEGIN)
    table = "".join(f"{line}\n" for line in (*_HEADING, *map(_line, courses)))
    _PAGE.write_text(before + _BEGIN + table + _END + rest.split(_END, 1)[1], encoding="utf-8")
    _draw(courses)
    return 0 if all(map(_is_well, courses)) else 1


_HEADING: Final = (
    "| outage | pads | rated | lost | twice | steady, a second | at most while coming back | at most after "
    "| sent again | drained after |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def _line(course: Course) -> str:
    steady, window, after = course.steady, course.peak_in_window, course.peak_after
    return (
        f"| {course.scenario.name} | {course.pads} | {course.rated} | {course.lost + course.unsettled} "
        f"| {course.twice} | {steady:.1f} | {window:.0f} = {window / steady:.1f} × "
        f"| {after:.0f} = {after / steady:.1f} × | {course.repeated} "
        f"| {course.drained_s} s |"
    )


def _is_well(course: Course) -> bool:
    return not (course.lost or course.twice or course.unsettled) and course.peak_after <= 2 * course.steady


def _draw(courses: list[Course]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 2.2 * len(courses)), layout="constrained")
    for axes, course in zip(figure.subplots(len(courses), sharex=True), courses, strict=True):
        minutes = [(second - course.scenario.back_s) / 60 for second in range(len(course.requests))]
        axes.plot(minutes, course.requests, linewidth=0.5, color="#1f5fa8", label="requests a second")
        axes.axhline(2 * course.steady, color="#b03a2e", linewidth=0.8, label="twice the steady rate")
        axes.axvspan(-course.scenario.outage_s / 60, 0, color="#eeeeee")
        axes.set_title(course.scenario.name, fontsize=9, loc="left")
        axes.set_xlim(-course.scenario.outage_s / 60 - 5, course.scenario.after_s / 60)
        axes.set_ylim(0, None)
    axes.set_xlabel("minutes from the end of the outage (grey)")
    figure.axes[0].legend(fontsize=8, loc="upper left")
    figure.savefig(_PLOT, dpi=80)


if __name__ == "__main__":
    sys.exit(main())
