"""The practice platform's pages: the clerk's counter, and what the platform received and does about it."""
