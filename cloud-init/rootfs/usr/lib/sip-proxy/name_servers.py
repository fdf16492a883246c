"""Queries to name servers, with a timeout. Imported, never run."""

import os
import time

import dns.exception
import dns.resolver

# Timeout in seconds for one of several servers.
TURN = 0.7


def answer(name, configurations, end):
    """The IPv4 addresses of a name, their TTL in seconds, and why there are none; until `end` (of time.monotonic). Queries the
    servers in the first file that exists."""
    try:
        resolver = dns.resolver.Resolver(next(filter(os.path.exists, configurations), configurations[-1]))
        resolver.timeout = TURN
        found = resolver.resolve(name, "A", search=True, lifetime=max(0.1, end - time.monotonic()))
    except dns.resolver.NXDOMAIN:
        return [], 0, "there is no such name"
    except dns.resolver.NoAnswer:
        return [], 0, "it has no IPv4 address"
    except dns.exception.Timeout:
        return [], 0, "no server answers"
    except (dns.exception.DNSException, OSError, ValueError):
        return [], 0, "no server can tell"
    return [record.address for record in found], found.rrset.ttl, ""
