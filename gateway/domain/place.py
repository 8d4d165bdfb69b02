"""Where in our own code something went wrong: all that a log needs of an error whose words may quote people."""

from traceback import walk_tb

_OURS = frozenset({"gateway", "inbound", "outbound", "store"})


def place_of(error: BaseException) -> str:
    """``folder/file.py:line`` of the innermost frame of ours that the error came through; empty if there is none."""
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in _OURS:
            place = f"{module.replace('.', '/')}.py:{line}"
    return place
