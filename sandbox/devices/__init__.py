"""The window's serial devices to practise on: pseudo-terminals that act as the real ones do."""
