"""The screens in Kivy: they render the session and post what fingers do, nothing else."""
