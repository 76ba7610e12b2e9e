"""A city of pads on a virtual clock: what its platform hears when all of them come back at once."""
