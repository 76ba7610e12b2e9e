"""``--once``: deliver everything that waits, in one pass, and say what is left."""

from __future__ import annotations

from syncd.ledger_file import LedgerFile
from syncd.uploader import Uploader


def deliver_once(ledger: LedgerFile, uploader: Uploader) -> int:
    """Deliver until nothing waits or something stands in the way.

    :returns: 0 if nothing waits any more, 1 if something does or was refused
    :raises LedgerError: if there is no ledger that can be used
    """
    before = ledger.outbox().backlog().pending
    while uploader.step() == 0.0:
        pass
    left = ledger.outbox().backlog().pending
    settled = max(0, before - left)
    print(f"syncd: {settled} of {before} settled, {uploader.refused} of them refused, {left} still wait")
    if left:
        reason = uploader.why or "they failed before and are tried again by themselves"
        print(f"syncd: {reason}; when that is mended run it again, or start the service")
    if uploader.refused:
        print("syncd: see the platform's words with: padctl status; after mending: padctl retry SEQ")
    return 1 if left or uploader.refused else 0
