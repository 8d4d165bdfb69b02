"""``birdwire``, as where only what it needs itself is installed: rich comes with the development tools, and structlog
loads it where it is.

    python -m benchmarks.installed serve -c FILE
"""

import sys
from importlib import import_module

if __name__ == "__main__":
    sys.modules["rich"] = None  # type: ignore[assignment]  # so Python spells "not to be found"
    import_module("gateway.cli").main(prog_name="birdwire")
