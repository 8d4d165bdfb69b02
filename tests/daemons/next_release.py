"""The program as its next release might be: the same one, with a migration more.

python -m tests.daemons.next_release db upgrade
"""

from pathlib import Path

from store import version

BEFORE = max(file.name.partition("_")[0] for file in (version.MIGRATIONS / "versions").glob("[0-9]*_*.py"))
"""The version that the database had before that migration."""


if __name__ == "__main__":
    from gateway.cli import main

    version.FOLDERS.append(Path(__file__).parent / "migrations")
    main()
