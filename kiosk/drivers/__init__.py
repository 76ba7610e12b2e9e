"""Devices at the window: for each a pure codec, bytes in and values out, above one shared port loop."""
