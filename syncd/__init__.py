"""The daemon that brings every rating to the platform: once, in order, whatever happens."""
