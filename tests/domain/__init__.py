"""Tests: their names are sentences about what Birdwire does."""
