"""Use cases: each function is one transaction's worth of work inside a unit that the caller opened."""
