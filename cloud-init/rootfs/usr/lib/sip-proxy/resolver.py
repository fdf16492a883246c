"""Resolves names with a timeout. Imported, never run."""

import socket
import threading

# Timeout in seconds.
PATIENCE = 2


def addresses(name):
    """The addresses in order of preference, without duplicates. Raises OSError."""
    found = []

    def resolve():
        try:
            found.append(list(dict.fromkeys(entry[4][0] for entry in socket.getaddrinfo(name, None))))
        except (OSError, UnicodeError) as error:
            found.append(error)

    # in a thread, because the call itself has no timeout
    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not found:
        raise TimeoutError(f"{name} does not resolve: the resolver does not answer")
    if isinstance(found[0], Exception):
        raise OSError(f"{name} does not resolve: {found[0]}")
    return found[0]
