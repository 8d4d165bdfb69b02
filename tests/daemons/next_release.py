"""The program as its next release might be: the same one, with a migration more.

python -m tests.daemons.next_release db upgrade
"""

import os
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from store import version

MIGRATIONS = Path(version.__file__).parent / "migrations"
BEFORE = ScriptDirectory(str(MIGRATIONS)).get_current_head()
"""The version that the database had before that migration."""


def with_one_more() -> Config:
    """Where alembic finds the migrations of the next release."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    own = MIGRATIONS / "versions"
    config.set_main_option("version_locations", f"{own}{os.pathsep}{Path(__file__).parent / 'migrations'}")
    return config


if __name__ == "__main__":
    from gateway.cli import main

    version._config = with_one_more
    main()
