"""Real disks that fill up, turn read-only and come back, under the pad's own programs."""
