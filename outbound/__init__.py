"""The way out: queued deliveries become provider calls, mails and feeds, at the pace each route allows."""
