"""The program that daemons are started by, so that what takes long to import is imported once for all of them.

    python -m tests.faults.nursery

reads lines of JSON, ``{"config": FILE, "clock": FILE, "sqlite_patience": SECONDS}``, from its standard input and runs
a daemon for each, one after the other, in a process of its own. It says ``started PID``, ``ready PID MAIL_PORT`` once
the daemon answers, and ``ended STATUS`` when it is gone (-9: killed).
"""

import json
import os
import sys
from pathlib import Path

from gateway import log
from gateway.config import load
from store import sqlite
from tests.crashing import serve
from tests.faults.clock import Clock


def main() -> None:
    """Run daemons until the standard input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            Clock(Path(order["clock"])).rules_here()
            sqlite.BUSY_TIMEOUT = order["sqlite_patience"]
            config = load(Path(order["config"]), {})
            log.set_up(config.log)
            serve(config)
            os._exit(0)
        print(f"started {child}", flush=True)  # noqa: T201 - for the program that started it
        _, status = os.waitpid(child, 0)
        print(f"\nended {os.waitstatus_to_exitcode(status)}", flush=True)  # noqa: T201 - for the program that started it


if __name__ == "__main__":
    main()
