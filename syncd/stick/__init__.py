"""Ratings carried to the platform on a stick, where a pad has no line (docs/padctl.md)."""
