"""How platforms are spoken to: one small interface, one file per dialect."""
