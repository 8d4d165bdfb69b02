"""Who sent this: whether a mail is proven to come from the address in its From, and by whose word."""
