"""The way in: bytes from phones and mail servers become messages, and every message goes through one intake."""
