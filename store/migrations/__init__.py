"""Schema changes, oldest first, applied by ``birdwire db upgrade``."""
