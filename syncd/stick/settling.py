"""Back on the pad: receipts into the ledger, so that what a stick delivered does not wait for ever.

Only while no syncd sends from the folder: an outcome of its own could be on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from pad.clock import SystemClock
from pad.ledger import exporting
from pad.ledger.outbox import Outbox
from pad.ledger.rows import Delivery
from pad.model import DeliveryState
from pad.settings import Settings
from syncd.alone import alone
from syncd.ledger_file import LedgerFile
from syncd.stick import pouch
from syncd.stick.feeding import Receipt
from syncd.stick.pouch import PouchError

NOTE = "receipts_imported"


@dataclass(frozen=True, slots=True)
class Settled:
    """How many are acknowledged or refused now, and how many were settled already or are not here."""

    acknowledged: int
    refused: int
    known: int
    unknown: int


def settle(path: Path, configured: Settings, word: str) -> Settled:
    """Take receipts back, all of them or none.

    :raises PouchError: if they are none, another pad's, not whole, or forged
    :raises NotAlone: if syncd runs
    :raises LedgerError: if the ledger cannot be written; it is as it was then
    """
    label, count = pouch.read(path, word)
    if label.content != "receipts":
        raise PouchError(f"{path}: these are ratings, no receipts; import them without --receipts")
    if label.device != configured.pad.device_id:
        raise PouchError(f"{path}: of pad {label.device}, this is {configured.pad.device_id}")
    receipts = [msgspec.json.decode(item, type=Receipt) for item in pouch.items(path, label, word)]
    if len(receipts) != count:
        raise PouchError(f"{path}: it is not whole; copy it again, nothing of it is used")
    with (
        alone(configured.state_dir),
        closing(LedgerFile(configured.state_dir, configured.ledger_path)) as ledger,
    ):
        db = ledger.connection()
        by_seq = exporting.seqs_of(db, [each.id for each in receipts])
        return _write(ledger.outbox(), receipts, by_seq, configured, path.name)


def _write(
    outbox: Outbox, receipts: Sequence[Receipt], by_seq: dict[str, int], configured: Settings, file: str
) -> Settled:
    after: dict[int, Delivery] = {}
    forget, known = [], 0
    for receipt in sorted((each for each in receipts if each.id in by_seq), key=lambda each: by_seq[each.id]):
        seq = by_seq[receipt.id]
        before = outbox.delivery(seq) or Delivery(seq, DeliveryState.PENDING)
        if before.state is DeliveryState.ACKNOWLEDGED or before.state is receipt.state:
            known += 1
            continue
        after[seq] = _after(before, receipt)
        if receipt.state is DeliveryState.ACKNOWLEDGED and configured.ledger.rater_retention_days == 0:
            forget.append(receipt.id)
    batches = {each.batch for each in after.values() if each.batch is not None}
    rows = {each.seq: each for each in outbox.passed_over(max(after, default=0), batches)}
    rows |= {seq: replace(each, batch=None) for seq, each in after.items()}
    acknowledged = sum(each.state is DeliveryState.ACKNOWLEDGED for each in after.values())
    told = Settled(acknowledged, len(after) - acknowledged, known, len(receipts) - len(by_seq))
    detail: dict[str, object] = {"file": file, "acknowledged": acknowledged, "refused": told.refused}
    note = (NOTE, SystemClock().read(), detail) if after else None
    outbox.record([rows[seq] for seq in sorted(rows)], forget=forget, note=note)
    return told


def _after(before: Delivery, receipt: Receipt) -> Delivery:
    return replace(
        before,
        state=receipt.state,
        attempts=before.attempts + 1,
        sent_assess_time=receipt.assess_time,
        time_uncertain=receipt.time_uncertain,
        receipt=receipt.receipt,
        platform_code=receipt.code,
        platform_message=receipt.message,
        settled_at=receipt.settled_at,
        last_error=None,
        next_attempt_at=None,
    )
