"""The dispatcher table, watched over one connection that is kept. Imported, never run.

Whoever seeds the table notifies; what others change is seen by the next look, which costs the server little on a connection that is
there already. Where connections are short, or a pooler gives one to each client for as long as it stays, each look has its own.
"""

import contextlib
import random
import time

import table
from connection import connect

CHANNEL = "sip_proxy_dispatcher"
# Seconds after which a connection is made anew: names come to mean another server, and room may have become short. Not all at once.
LIFETIME = 200, 400
# Seconds after which all rows are read again, whatever their digest says: another release may read the table in another way.
WHOLE = 300
# Seconds over which hosts that hear the same spread their looks.
SPREAD = 0.5
# Seconds between two looks at a database that is not there, at most: it is followed again within 10 s.
AWAY = 5

# The process that serves, connections in use, and how many there may be.
ROOM = """SELECT pg_backend_pid(), (SELECT sum(numbackends) FROM pg_stat_database),
  least(current_setting('max_connections')::integer, nullif(rolconnlimit, -1), nullif(datconnlimit, -1))
FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"""


class Watched:
    def __init__(self):
        self.connection, self.keeps, self.until = None, None, 0
        # whether the connection is one to the server itself, on which statements can be prepared
        self.own = False
        self.digest, self.known, self.whole = "", None, 0

    def rows(self):
        """All rows. Fails with OSError, whose text is what the server says, or libpq."""
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
        """Whether the connection is kept: half of those that the server allows are left to others."""
        [(process, used, allowed)] = self.connection.ask(ROOM, end)
        self.own = self.connection.is_the_servers(process)
        self.keeps = used * 2 <= allowed if self.own else is_lent(self.connection, end)
        self.until = time.monotonic() + random.uniform(*LIFETIME)

    def wait(self, seconds):
        """Until somebody notifies of a change, at most."""
        if not self.connection:
            time.sleep(max(0, seconds))
            return
        try:
            if self.connection.hears(seconds):
                time.sleep(random.uniform(0, SPREAD))
        except OSError:
            # an outage, of all hosts
            self.close()
            time.sleep(random.uniform(0, max(0, seconds)))

    def close(self):
        if self.connection:
            self.connection.close()
            if self.keeps:
                # the next one may be to another server
                self.keeps = None
        self.connection = None


def pause_after(failures, poll):
    """Seconds until the next look, after so many in a row that failed: not all hosts at once."""
    return random.uniform(0.5, 1) * max(poll, min(AWAY, poll * 2**failures))


def is_lent(connection, end):
    """Whether a pooler lends its connections for a transaction, so that one which is kept costs nothing: this client is served by more
    than one, or another client by one of them."""
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
