"""A hall in miniature: the real programs as processes, and a clerk and a citizen to use them.

The demo plays in it, and so do the tests that need a window, a line or a power cut.
"""
