"""The spoken prompts: which sentence is due, and the thread that speaks it."""
