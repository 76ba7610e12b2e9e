"""Take the Simplified Chinese faces of Noto Sans CJK out of Debian's collections, as single files.

Kivy opens only the first face of a collection, and in Noto's that is the Japanese one: 直, 骨 and
令 would be drawn as nobody here writes them. And as every size of a font is opened by itself, the
7 000 common characters are written to files of their own; the whole font has the rest.
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


def common() -> set[int]:
    """The characters nearly everything is written with: GB 2312, Latin, and the signs of our screens."""
    chinese = {
        ord(char)
        for row in range(0xA1, 0xF8)
        for cell in range(0xA1, 0xFF)
        for char in bytes((row, cell)).decode("gb2312", errors="ignore")
    }
    return chinese | set(range(0x20, 0x17F)) | {ord(char) for char in "•“”‘’…—–·●★✓×€"}


def thin(source: Path, target: Path) -> None:
    """Write a font's common characters alone to ``target``: a size of it costs a tenth of the whole's."""
    from fontTools import subset

    options = subset.Options(layout_features=["kern"], hinting=False, notdef_outline=True, name_IDs=["*"])
    with subset.load_font(source, options) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=common())
        cutter.subset(font)
        unfinished = target.with_suffix(".part")
        subset.save_font(font, unfinished, options)
        unfinished.replace(target)


def main(arguments: list[str]) -> int:
    """Extract what the folder named in the arguments does not have yet."""
    if len(arguments) != 1:
        print("usage: extract_fonts.py FOLDER", file=sys.stderr)
        return os.EX_USAGE
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        whole = folder / f"NotoSansCJKsc-{weight}.otf"
        few = folder / f"NotoSansCJKsc-Common-{weight}.otf"
        try:
            if not whole.exists():
                extract(weight, whole)
            if not few.exists():
                thin(whole, few)
        except (OSError, LookupError) as error:
            print(f"fonts: {error}; install Debian's fonts-noto-cjk", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
