"""What kiosk and syncd share: settings, the rating model, the ledger, keys, clock, indicators."""

__version__ = "0.1.0"
