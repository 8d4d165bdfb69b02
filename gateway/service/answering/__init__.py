"""What each command does: one module for each kind, one function for each command, each returning its answer."""
