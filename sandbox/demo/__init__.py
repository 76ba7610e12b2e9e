"""The demo: the whole product on one machine, on your screen or played by a script without one."""
