"""Try a hall's words: what is offered for letters, and what it costs (``python -m kiosk.typing paidui``)."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter_ns

from kiosk.typing.pinyin import Pinyin, PinyinUnavailable


def main(asked: list[str]) -> int:
    """Print a line of offers for each of the letters asked; then time and memory."""
    if not asked:
        print("which letters? python -m kiosk.typing paidui fuwutaidu", file=sys.stderr)
        return 2
    try:
        engine = Pinyin()
    except PinyinUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    # as keys are pressed: a question for each letter
    taken = []
    for letters in asked:
        for length in range(1, len(letters) + 1):
            before = perf_counter_ns()
            offered = engine.candidates(letters[:length])
            taken.append((perf_counter_ns() - before) / 1e6)
        print(letters, *(each.text for each in offered[:10]))
    taken.sort()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    memory = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    engine.close()
    print(
        f"{len(taken)} questions: half within {taken[len(taken) // 2]:.1f} ms,"
        f" 99 of 100 within {taken[len(taken) * 99 // 100]:.1f} ms; memory {int(memory) / 1024:.0f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
