"""What went wrong on the way to somebody else's machine, in words for operators.

The words say nothing of whom a mail or text was for: what an error says of itself may hold addresses and numbers, so
only what kind of error it is counts.
"""

import errno
import os
import socket
import ssl

import aiohttp
import aiosmtplib


def in_words(error: BaseException) -> str:
    """Never empty; of what nobody foresaw the name of its class. What an error was raised from is what went wrong."""
    error = error.__cause__ or error
    match error:
        case socket.gaierror():
            return "DNS does not answer" if error.errno == socket.EAI_AGAIN else "no machine of that name is known"
        case TimeoutError():
            return "no answer in time"
        case ssl.SSLCertVerificationError():
            return "its certificate is not good"
        case ssl.SSLError():
            return "TLS failed"
        case ConnectionRefusedError():
            return "nothing listens there"
        case (
            ConnectionResetError()
            | ConnectionAbortedError()
            | BrokenPipeError()
            | EOFError()
            | aiosmtplib.SMTPServerDisconnected()
            | aiohttp.ServerDisconnectedError()
            | aiohttp.ClientPayloadError()
        ):
            return "the connection broke off"
        case UnicodeError():
            return "no machine can have that name"
        case aiosmtplib.SMTPConnectError():
            return "no connection could be made"
        case OSError(errno=int() as number) if number in errno.errorcode:
            return os.strerror(number).lower()
        case OSError() if type(error) is OSError:  # several addresses, and each failed in its own way
            return "no connection could be made"
        case _:
            return type(error).__name__
