"""The demo's carrier, mailbox and page, tried with the real clients."""
