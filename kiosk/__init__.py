"""The touchscreen app at the window: the only writer of ratings."""
