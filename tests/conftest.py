"""What holds for every test: a search for counterexamples is no race."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# by default an example has 0.2 s, and ten of them have one to be drawn: who shares a machine fails by chance
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
