"""The tables of ``pad.toml`` for systems that already speak another pad's tongue (domain §5)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pad.settings.maps import LEVELS, check_map
from pad.settings.reading import SettingsError, Table

Port = Annotated[int, Meta(ge=1, le=65535)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
EVALUATE_FIELDS: Final = (
    "project_no", "service_number", "task_code", "task_name", "service_name", "win_no", "name", "mobile",
    "staff_number", "staff_name", "timeout_s",
)  # fmt: skip
"""What a parameter of ``[counter.evaluate]`` can stand for."""
TELLER_FIELDS: Final = (*EVALUATE_FIELDS, "staff_photo")
RESULTS: Final = ("rated", "timed_out", "withdrawn", "cancelled", "superseded", "refused")
"""How what a door was asked for can end."""
_Path = Annotated[
    str,
    Meta(
        pattern=r"^/(?!v1(/|\Z))[A-Za-z0-9_./-]+\Z",
        description='a path of letters, digits and _ . / - beginning with "/", not the pad\'s own "/v1"',
    ),
]
_EVALUATE: Final = {
    "project_no": "ywbh",
    "task_name": "ywmc",
    "service_name": "jdmc",
    "staff_name": "blry",
    "staff_number": "jobNum",
    "win_no": "winNum",
    "name": "sqrxm",
    "timeout_s": "timeOut",
}
_TELLER: Final = {
    "staff_name": "TellerName",
    "staff_number": "TellerNo",
    "staff_photo": "TellerPhoto",
    "timeout_s": "Timeout",
}


class EvaluateDoor(Table, frozen=True):
    """``[counter.evaluate]``: a door for systems that call ``GET /evaluate/startEvaluate?…``.

    ``parameters`` says which parameter has which of our fields; ``levels`` how a level is told, where
    ``tells_level`` lets it be.
    """

    enabled: bool = False
    path: _Path = "/evaluate/startEvaluate"
    waits: bool = True
    tells_level: bool = False
    parameters: dict[str, Text] = msgspec.field(default_factory=lambda: dict(_EVALUATE))
    levels: dict[str, int | str] = msgspec.field(default_factory=lambda: {each: int(each) for each in LEVELS})


class TellerDoor(Table, frozen=True):
    """``[counter.teller]``: a door for systems that open a websocket and send ``{"type": 10, …}``.

    As before; ``results`` says which ``ret`` stands for which end.
    """

    enabled: bool = False
    port: Port = 1919
    tells_level: bool = False
    parameters: dict[str, Text] = msgspec.field(default_factory=lambda: dict(_TELLER))
    levels: dict[str, int | str] = msgspec.field(default_factory=lambda: {each: int(each) for each in LEVELS})
    results: dict[str, int | str] = msgspec.field(
        default_factory=lambda: {name: at for at, name in enumerate(RESULTS)}
    )


def check_doors(path: Path, evaluate: EvaluateDoor, teller: TellerDoor, counter_port: int) -> None:
    """See that parameters are known, that levels and ends are told apart, and the two ports.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    _check_door(path, "counter.evaluate", evaluate, EVALUATE_FIELDS)
    _check_door(path, "counter.teller", teller, TELLER_FIELDS)
    if teller.enabled and teller.port == counter_port:
        raise SettingsError(
            f"{path}: counter.teller.port: found {teller.port}, which is counter.port as well; allowed is a "
            "port of its own"
        )
    results = {name: str(result) for name, result in teller.results.items()}
    if set(results) != set(RESULTS) or list(results.values()).count(results["rated"]) > 1:
        raise SettingsError(
            f"{path}: counter.teller.results: found {teller.results!r}; allowed is a value for each of "
            f"{', '.join(RESULTS)}, and none like that of rated"
        )


def _check_door(path: Path, key: str, door: EvaluateDoor | TellerDoor, known: tuple[str, ...]) -> None:
    for field in door.parameters:
        if field not in known:
            raise SettingsError(
                f"{path}: {key}.parameters.{field}: unknown field; allowed are {', '.join(known)}"
            )
    check_map(path, f"{key}.levels", door.levels, LEVELS)
