"""Several daemons on one PostgreSQL: real processes, a real database, and the carrier and mailbox around them."""
