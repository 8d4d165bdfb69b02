"""Faults on purpose, under load, with a ledger of all that was promised kept outside the daemon."""
