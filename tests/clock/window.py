"""A pad's window without its glass: rates the matters it is told on its input, one a line, and says so."""

from __future__ import annotations

import sys

from uuid6 import uuid7

from kiosk.events import DeclineReason, Invite, Tap
from kiosk.phases import Rating, Resting, Saving, Thanking
from pad.codes import Level
from pad.model import Matter
from tests.crash.pad_without_glass import PadWithoutGlass, promise


def main() -> None:
    """Rate until the input ends; a line is a matter's number and, after a blank, when it was served."""
    pad = PadWithoutGlass()
    promise("started")
    for line in sys.stdin:
        project_no, _, served = line.strip().partition(" ")
        asked = pad.desk.ask(Invite(str(uuid7()), Matter(project_no=project_no, service_time=served)))
        pad.until(asked.done)
        pad.do(Tap(Level(2), visit_id=""))
        if not isinstance(pad.phase(), Rating):
            raise RuntimeError(f"tapped, but {pad.phase()}; the invitation: {asked.result()}")
        pad.do(DeclineReason())
        # on a busy machine the thanks may be over before they are looked for
        pad.until(lambda: not isinstance(pad.phase(), Rating | Saving))
        if not isinstance(pad.phase(), Thanking | Resting):
            raise RuntimeError(f"submitted, but {pad.phase()}")
        promise("thanked", project_no=project_no)


if __name__ == "__main__":
    main()
