"""The ledger: one SQLite file that holds every visit and rating and what became of it (design §3)."""
