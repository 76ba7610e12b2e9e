"""``make fuzz``: atheris looks for bytes that break a codec; what it finds goes to build/fuzz.

``python -m tests.fuzz`` runs all, ``python -m tests.fuzz NAME …`` one, with libFuzzer's own options.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).with_name("corpus")
FOUND: Final = Path(__file__).parents[2] / "build" / "fuzz"
SECONDS: Final = int(os.environ.get("FUZZ_SECONDS", "25"))
"""For each codec."""
_LONGEST: Final = 4096


def main() -> int:
    """Run every codec's search; 0 if none broke."""
    broken = []
    for folder in sorted(CORPUS.iterdir()):
        found = FOUND / folder.name
        found.mkdir(parents=True, exist_ok=True)
        print(f"fuzz: {folder.name}, {SECONDS} s", flush=True)
        options = [f"-max_total_time={SECONDS}", f"-max_len={_LONGEST}", "-timeout=5", "-print_final_stats=1",
                   "-verbosity=0", f"-artifact_prefix={found}/"]  # fmt: skip
        words = [sys.executable, "-m", "tests.fuzz", folder.name, *options, str(found), str(folder)]
        if subprocess.run(words, check=False).returncode:
            broken.append(folder.name)
    print(f"fuzz: {', '.join(broken) or 'nothing'} broke")
    return 1 if broken else 0


def search(name: str, options: list[str]) -> None:
    """Search one codec until libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["kiosk.drivers", "kiosk.slips", "pad.enrolment"]):
        from tests.fuzz.targets import check
    atheris.Setup([sys.argv[0], *options], lambda data: check(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        search(sys.argv[1], sys.argv[2:])
    else:
        sys.exit(main())
