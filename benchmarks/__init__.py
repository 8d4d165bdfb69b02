"""How far Birdwire is from the bare limit of the machine it runs on: each part against the least that could do it."""
