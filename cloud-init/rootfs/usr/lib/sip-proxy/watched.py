"""Watches the dispatcher table over a persistent connection. Imported, never run.

Seeds send a notification. Other changes are found by the next check, which is cheap for the server on an open connection. If
connections are scarce, or if a pooler assigns one to each client permanently, each check uses a new connection.
"""

import contextlib
import random
import time

import table
from connection import connect

CHANNEL = "sip_proxy_dispatcher"
# Lifetime of a connection in seconds, random: a name may lead to another server by then, or connections may be scarce.
LIFETIME = 200, 400
# Seconds after which all rows are read again, even with the same digest: another release may have changed the view.
WHOLE = 300
# Seconds over which hosts with the same notification spread their checks.
SPREAD = 0.5
# Longest pause in seconds while the database does not answer: it is followed again within 10 s.
AWAY = 5

# The server process, the number of connections in use, and the limit.
ROOM = """SELECT pg_backend_pid(), (SELECT sum(numbackends) FROM pg_stat_database),
  least(current_setting('max_connections')::integer, nullif(rolconnlimit, -1), nullif(datconnlimit, -1))
FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"""


class Watched:
    def __init__(self):
        self.connection, self.keeps, self.until = None, None, 0
        # whether the connection leads directly to the server, so that statements can be prepared
        self.own = False
        self.digest, self.known, self.whole = "", None, 0

    def rows(self):
        """All rows. Raises OSError with the text of the server or libpq."""
        end = time.monotonic() + table.PATIENCE
        if time.monotonic() > self.until:
            self.close()
            self.keeps = None
        if self.connection:
            try:
                return self.look(end)
            except OSError:
                self.close()
                if time.monotonic() >= end:
                    raise
        try:
            self.connection = connect(end)
            if self.keeps is None:
                self.decide(end)
            if self.keeps and self.own:
                self.connection.ask(f"{table.PREPARE}; LISTEN {CHANNEL}", end)
            return self.look(end)
        except OSError:
            self.close()
            raise
        finally:
            if not self.keeps:
                self.close()

    def look(self, end):
        statements = table.PREPARED if self.keeps and self.own else table.ONCE
        if time.monotonic() > self.whole or table.glance(self.connection, end, statements) != self.digest:
            self.digest, self.known = table.look(self.connection, end, statements)
            self.whole = time.monotonic() + WHOLE
        return self.known

    def decide(self, end):
        """Whether the connection is kept: hosts use at most half of the connections that the server allows."""
        [(process, used, allowed)] = self.connection.ask(ROOM, end)
        self.own = self.connection.is_the_servers(process)
        self.keeps = used * 2 <= allowed if self.own else is_lent(self.connection, end)
        self.until = time.monotonic() + random.uniform(*LIFETIME)

    def wait(self, seconds):
        """Waits for a notification, for at most this time."""
        if not self.connection:
            time.sleep(max(0, seconds))
            return
        try:
            if self.connection.hears(seconds):
                time.sleep(random.uniform(0, SPREAD))
        except OSError:
            # an outage, which concerns all hosts
            self.close()
            time.sleep(random.uniform(0, max(0, seconds)))

    def close(self):
        if self.connection:
            self.connection.close()
            if self.keeps:
                # the next connection may lead to another server
                self.keeps = None
        self.connection = None


def pause_after(failures, poll):
    """Seconds until the next check after this number of failures in a row; random, so that hosts do not check together."""
    return random.uniform(0.5, 1) * max(poll, min(AWAY, poll * 2**failures))


def is_lent(connection, end):
    """Whether a pooler assigns connections per transaction, so that a persistent one costs nothing: this client is served by several server
    processes, or another client by the same one."""
    end = min(end, time.monotonic() + 1)
    mine, others = set(), set()
    try:
        with contextlib.closing(connection.another(end)) as other:
            for _ in range(3):
                mine.add(process_of(connection, end))
                others.add(process_of(other, end))
    except OSError:
        return False
    return len(mine) > 1 or bool(mine & others)


def process_of(connection, end):
    [(process,)] = connection.ask("SELECT pg_backend_pid()", end)
    return process
