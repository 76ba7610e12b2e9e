"""Take the Simplified Chinese faces of Noto Sans CJK out of Debian's collections, as single files.

Kivy opens only the first face of a collection, and in Noto's that is the Japanese one: 直, 骨 and
令 would be drawn as nobody here writes them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

COLLECTIONS: Final = Path("/usr/share/fonts/opentype/noto")
WEIGHTS: Final = ("Regular", "Bold")
POSTSCRIPT_NAME: Final = 6


def extract(weight: str, target: Path) -> None:
    """Write the ``sc`` face of one weight to ``target``, whole or not at all.

    :raises LookupError: if the collection has no such face
    """
    from fontTools.ttLib import TTCollection  # only where there is work: it takes a while to load

    wanted = f"NotoSansCJKsc-{weight}"
    with TTCollection(COLLECTIONS / f"NotoSansCJK-{weight}.ttc", lazy=True) as collection:
        for font in collection.fonts:
            if font["name"].getDebugName(POSTSCRIPT_NAME) == wanted:
                unfinished = target.with_suffix(".part")
                font.save(unfinished)
                unfinished.replace(target)
                return
    raise LookupError(f"{COLLECTIONS}/NotoSansCJK-{weight}.ttc has no face {wanted}")


def main(arguments: list[str]) -> int:
    """Extract what the folder named in the arguments does not have yet."""
    if len(arguments) != 1:
        print("usage: extract_fonts.py FOLDER", file=sys.stderr)
        return os.EX_USAGE
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        target = folder / f"NotoSansCJKsc-{weight}.otf"
        if target.exists():
            continue
        try:
            extract(weight, target)
        except (OSError, LookupError) as error:
            print(f"fonts: {error}; install Debian's fonts-noto-cjk", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
