"""``make deb``: the package a technician installs on Debian 12, with its own Python libraries under /opt.

Debian's Kivy, click and sqlite-utils are too old for the pad, so the package carries a virtual
environment of its own on Debian's Python; everything native beside it (X server, fonts, espeak-ng)
is Debian's and listed with its reason in ``packaging/deb/depends.txt``.
"""

from __future__ import annotations

import compileall
import gzip
import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

import pad
from pad.ctl import completion
from pad.ctl.__main__ import padctl
from pad.ledger.connection import SCHEMA_VERSION

ROOT: Final = Path(__file__).parents[1]
PACKAGING: Final = ROOT / "packaging" / "deb"
PACKAGE: Final = "window-rating-pad"
PREFIX: Final = Path("/opt") / PACKAGE
DEBIAN_PYTHON: Final = (3, 11)
"""Debian 12's. Compiled wheels and byte code are of one minor version."""
COMMANDS: Final = ("kiosk", "syncd", "padctl", "sandbox")
METRICS: Final = "/var/lib/prometheus/node-exporter/pad.prom"
FONTS: Final = ROOT / ".venv" / "share" / "fonts"


class BuildError(Exception):
    """The package cannot be built here; the message says what is needed."""


def main() -> int:
    """Build; print where the package is."""
    try:
        package = build(ROOT / "dist")
    except BuildError as error:
        print(f"make deb: {error}", file=sys.stderr)
        return 1
    print(package)
    return 0


def build(target: Path) -> Path:
    """The package file, in ``target``.

    :raises BuildError: if this machine lacks what it takes
    """
    if sys.version_info[:2] != DEBIAN_PYTHON:
        raise BuildError(f"Python 3.11 is needed, as Debian 12 has it; this is {sys.version.split()[0]}")
    if shutil.which("dpkg-deb") is None:
        raise BuildError("dpkg-deb is needed; build on Debian")
    architecture = _told("dpkg", "--print-architecture")
    stage = ROOT / "build" / "deb"
    shutil.rmtree(stage, ignore_errors=True)
    _environment(stage)
    _files(stage)
    _control(stage, architecture)
    target.mkdir(exist_ok=True)
    package = target / f"{PACKAGE}_{pad.__version__}_{architecture}.deb"
    _run("dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(stage), str(package))
    return package


def _environment(stage: Path) -> None:
    """The virtual environment, its interpreter Debian's own."""
    prefix = stage / PREFIX.relative_to("/")
    # fmt: off
    _run(
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
        "--ignore-installed", "--no-warn-script-location", "--prefix", str(prefix), str(ROOT),
    )
    # fmt: on
    binaries = prefix / "bin"
    shutil.rmtree(binaries)
    binaries.mkdir()
    python = "python{}.{}".format(*DEBIAN_PYTHON)
    for name in ("python3", python):
        (binaries / name).symlink_to(f"/usr/bin/{python}")
    (prefix / "pyvenv.cfg").write_text(
        "home = /usr/bin\ninclude-system-site-packages = false\nversion = {}.{}\n".format(*DEBIAN_PYTHON),
        encoding="ascii",
    )
    modules = {"padctl": "pad.ctl.__main__"}
    for name in COMMANDS:
        script = binaries / name
        script.write_text(
            f"#!{PREFIX}/bin/python3 -I\n"
            f"import sys\n\nfrom {modules.get(name, f'{name}.__main__')} import main\n\nsys.exit(main())\n",
            encoding="ascii",
        )
        script.chmod(0o755)
    libraries = Path(sysconfig.get_path("purelib", vars={"base": str(prefix), "platbase": str(prefix)}))
    for unneeded in libraries.glob("kivy/tests"), libraries.glob("*/examples"), prefix.glob("share/kivy-*"):
        for folder in unneeded:
            shutil.rmtree(folder)
    compileall.compile_dir(
        libraries,
        quiet=2,
        stripdir=str(stage),
        prependdir="/",
        # the package manager replaces source and byte code together: nothing to compare at each start
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _files(stage: Path) -> None:
    """Everything beside Python."""
    share = stage / "usr/share" / PACKAGE
    prefix = stage / PREFIX.relative_to("/")
    _settings(share / "pad.toml")
    for file in sorted((ROOT / "config" / "monitoring").iterdir()):
        _copy(file, share / "monitoring" / file.name)
    for folder in ("platforms", "indicators"):
        for file in sorted((ROOT / "config" / folder).iterdir()):
            _copy(file, stage / "etc/pad" / folder / file.name)
    for file in sorted((ROOT / "config" / "udev").iterdir()):
        _copy(file, stage / "etc/udev/rules.d" / file.name)
    for unit in sorted((ROOT / "systemd").glob("*.*")):
        if unit.is_file():
            _copy(unit, stage / "lib/systemd/system" / unit.name)
    for place in ("sysusers.d", "tmpfiles.d", "systemd/journald.conf.d"):
        for file in sorted((ROOT / "systemd" / Path(place).name).iterdir()):
            _copy(file, stage / "usr/lib" / place / file.name)
    for file in sorted((PACKAGING / "libexec").iterdir()):
        _copy(file, prefix / "libexec" / file.name, 0o755)
    for font in sorted(FONTS.glob("*.otf")):
        _copy(font, prefix / "share/fonts" / font.name)
    docs = ROOT / "docs"
    for page in sorted((*docs.glob("*.md"), *(docs / "technician").iterdir())):
        _copy(page, stage / "usr/share/doc" / PACKAGE / page.relative_to(docs))
    changes = stage / "usr/share/doc" / PACKAGE / "changelog.gz"
    changes.write_bytes(gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0))
    manual = stage / "usr/share/man/man1/padctl.1.gz"
    manual.parent.mkdir(parents=True)
    manual.write_bytes(gzip.compress((ROOT / "docs" / "padctl.1").read_bytes(), mtime=0))
    completing = stage / "usr/share/bash-completion/completions/padctl"
    completing.parent.mkdir(parents=True)
    completing.write_text(completion.script("bash", padctl), encoding="utf-8")
    for name in COMMANDS:
        link = stage / "usr/bin" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(PREFIX / "bin" / name)


def _settings(target: Path) -> None:
    """The settings of a new pad: the reference, with the metrics where Debian's node_exporter looks."""
    text = (ROOT / "config" / "pad.toml").read_text(encoding="utf-8")
    unset = 'textfile = ""'
    if text.count(unset) != 1:
        raise BuildError(f"config/pad.toml: {unset} has to stand there once")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace(unset, f'textfile = "{METRICS}"'), encoding="utf-8")
    target.chmod(0o644)


def _control(stage: Path, architecture: str) -> None:
    """What dpkg reads: the package's description, its scripts, and the files a person may change."""
    control = stage / "DEBIAN"
    control.mkdir()
    size_kib = sum(file.lstat().st_size for file in stage.rglob("*") if not file.is_dir()) // 1024
    words = {
        "VERSION": pad.__version__,
        "ARCHITECTURE": architecture,
        "SIZE": str(size_kib),
        "SCHEMA": str(SCHEMA_VERSION),
        "DEPENDS": ", ".join(["python3 (>= 3.11)", "python3 (<< 3.12)", *depends()]),
    }
    text = (PACKAGING / "control.in").read_text(encoding="utf-8")
    for name, value in words.items():
        text = text.replace(f"@{name}@", value)
    (control / "control").write_text(text, encoding="utf-8")
    etc = sorted(file for file in (stage / "etc").rglob("*") if file.is_file())
    (control / "conffiles").write_text("".join(f"/{file.relative_to(stage)}\n" for file in etc))
    for script in sorted((PACKAGING / "scripts").iterdir()):
        _copy(script, control / script.name, 0o755)


def depends() -> list[str]:
    """Debian's packages that the pad needs."""
    lines = (PACKAGING / "depends.txt").read_text(encoding="utf-8").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def _copy(source: Path, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def _run(*words: str) -> None:
    if subprocess.run(words, check=False, env={**os.environ, "SOURCE_DATE_EPOCH": _changed_at()}).returncode:
        raise BuildError(f"{Path(words[0]).name} failed; what it printed above says why")


def _told(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _changed_at() -> str:
    """When the sources last changed, so that the same sources make the same package."""
    try:
        return _told("git", "-C", str(ROOT), "log", "-1", "--format=%ct")
    except (OSError, subprocess.CalledProcessError):
        return "0"


if __name__ == "__main__":
    sys.exit(main())
