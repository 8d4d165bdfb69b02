"""A phone carrier and a mailbox on loopback, for trying Birdwire out and for its tests."""
