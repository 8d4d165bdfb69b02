"""Anything at all, at every door: nothing breaks, the next message works, and none takes long or much memory."""
