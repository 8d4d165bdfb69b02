"""What the forms of all providers have in them."""


class Unreadable(ValueError):
    """The call is the provider's, but not what it should be; the words say what is missing."""


def is_id(word: str) -> bool:
    """Whether this can be a provider's name for a message, or a sender."""
    return 0 < len(word) <= 128 and word.isprintable()


def number(digits: str) -> int | None:
    """A number of ours that went out in an address, as it came back."""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None
