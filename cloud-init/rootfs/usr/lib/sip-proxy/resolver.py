"""The addresses of a name, from a resolver that may be silent. Imported, never run."""

import socket
import threading

# Seconds for an answer.
PATIENCE = 2


def addresses(name):
    """In the order of preference, each once. Fails with OSError."""
    found = []

    def resolve():
        try:
            found.append(list(dict.fromkeys(entry[4][0] for entry in socket.getaddrinfo(name, None))))
        except (OSError, UnicodeError) as error:
            found.append(error)

    # nothing ends the call itself
    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not found:
        raise TimeoutError(f"{name} does not resolve: the resolver does not answer")
    if isinstance(found[0], Exception):
        raise OSError(f"{name} does not resolve: {found[0]}")
    return found[0]
