"""Several connections that follow one ledger, and what they leave when they let go of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from pad.ledger.connection import connect, is_wal_gone, wal
from pad.ledger.following import Following

TIMES, USERS = 40, 3
"""Left to chance, one time in some thirty leaves an index."""


def test_users_that_let_go_of_a_deleted_wal_at_once_leave_nothing_that_looks_lost(tmp_path: Path) -> None:
    def let_go(user: Following, together: Barrier) -> None:
        together.wait()
        user.close()

    for number in range(TIMES):
        path = tmp_path / str(number) / "ledger.db"
        connect(path).close()
        users = [Following(path) for _ in range(USERS)]
        for user in users:
            user.connection().execute("SELECT COUNT(*) FROM ratings").fetchone()
        wal(path).unlink()
        together = Barrier(USERS)
        with ThreadPoolExecutor(USERS) as threads:
            for ended in [threads.submit(let_go, user, together) for user in users]:
                ended.result()
        assert not is_wal_gone(path), f"time {number}"
