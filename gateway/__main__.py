"""``python -m gateway`` is ``birdwire``."""

from gateway.cli import main

main(prog_name="birdwire")
