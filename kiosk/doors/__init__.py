"""Doors for systems that already speak another pad's tongue: off by default, each with maps of its own."""
