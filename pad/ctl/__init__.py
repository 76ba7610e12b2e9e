"""The technician's command, padctl."""
