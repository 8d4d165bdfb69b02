"""Birdwire's house: the rules and use cases at the floor, the daemon, the site and the command line at the roof."""
