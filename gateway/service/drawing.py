"""Codes that people repeat, drawn by lot. Whoever needs one is handed the function, so tests know what comes."""

import secrets


def six_digits() -> str:
    """A code that answers a question, or logs somebody in."""
    return f"{secrets.randbelow(1_000_000):06d}"


def four_digits() -> str:
    """Half a code to claim a phone with (``gateway.service.joining.new_claim_code``)."""
    return f"{secrets.randbelow(10_000):04d}"
