"""Pure rules: what Birdwire decides, from values to values, with the standard library only and no clock, dice or wire."""
