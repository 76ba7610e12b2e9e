"""How well suspicious patterns are found: a made-up year of a hall, honest and dishonest, and the count."""
