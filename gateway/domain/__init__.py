"""Pure rules: what Birdwire decides, from values to values; standard library only, no clock, no dice, no wire."""
