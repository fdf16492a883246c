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
# Seconds over which hosts that hear the same spread their looks.
SPREAD = 0.5

# The process that serves, connections in use, and how many there may be.
ROOM = """SELECT pg_backend_pid(), (SELECT sum(numbackends) FROM pg_stat_database),
  least(current_setting('max_connections')::integer, nullif(rolconnlimit, -1), nullif(datconnlimit, -1))
FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"""


class Watched:
    def __init__(self):
        self.connection, self.keeps, self.until = None, None, 0
        self.digest, self.known = "", None

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
            return self.look(end)
        except OSError:
            self.close()
            raise
        finally:
            if not self.keeps:
                self.close()

    def look(self, end):
        digest, rows = table.look(self.connection, self.digest, end)
        if rows is not None:
            self.digest, self.known = digest, rows
        return self.known

    def decide(self, end):
        """Whether the connection is kept: half of those that the server allows are left to others."""
        [(process, used, allowed)] = self.connection.ask(ROOM, end)
        if not self.connection.is_the_servers(process):
            self.keeps = is_lent(self.connection, end)
        elif used * 2 <= allowed:
            self.keeps = True
            self.connection.ask(f"LISTEN {CHANNEL}", end)
        else:
            self.keeps = False
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
        self.connection = None


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
