"""The dispatcher table, as Kamailio reads it. Imported, never run."""

import contextlib
import json
import time
from collections import namedtuple

import lists
from connection import READ_ONLY, connect

# Seconds for a look. The statement's own limit comes first: its end is the server's, which then holds nothing of it.
PATIENCE = 4
LIMIT = "statement_timeout = '2s'"
# Whether the server is read-only by now, and a digest of all that stands in the table.
MARK = """SELECT current_setting('transaction_read_only'),
  (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM public.dispatcher AS t)"""
# The same, and what Kamailio would load.
QUERY = f"""{MARK},
  (SELECT coalesce(json_agg(json_build_array(id, setid, destination, flags, priority, attrs, description) ORDER BY setid, id), '[]')::text
   FROM sip_proxy_dispatcher)"""
# One transaction, with which the limit ends: a pooler gives the next one to somebody else.
ONCE = {"mark": f"SET LOCAL {LIMIT}; {MARK}", "whole": f"SET LOCAL {LIMIT}; {QUERY}"}
# On a connection of one's own, after PREPARE: half the server's time.
PREPARE = f"SET {LIMIT}; PREPARE mark AS {MARK}; PREPARE whole AS {QUERY}"
PREPARED = {"mark": "EXECUTE mark", "whole": "EXECUTE whole"}


class Row(namedtuple("Row", "id set destination flags priority attrs description")):
    """A row of the table."""

    def line(self):
        """As a line of Kamailio's list_file, in which attributes have no blanks."""
        attrs = "".join(self.attrs.split())
        return f"{self.set} {self.destination} {self.flags} {self.priority} {attrs}"

    def __str__(self):
        return f"row {self.id} ({self.destination}, {self.description or 'no description'})"


def rows(patience=PATIENCE):
    """All rows. Fails with OSError, whose text is what the server says, or libpq."""
    end = time.monotonic() + patience
    with contextlib.closing(connect(end)) as connection:
        return look(connection, end)[1]


def look(connection, end, statements=ONCE):
    """A digest of the table, and its rows."""
    [(read_only, digest, text)] = connection.ask(statements["whole"], end)
    refuse(read_only)
    return digest, [Row(*row) for row in json.loads(text)]


def glance(connection, end, statements):
    """The digest alone, at a fraction of the cost."""
    [(read_only, digest)] = connection.ask(statements["mark"], end)
    refuse(read_only)
    return digest


def refuse(read_only):
    """Where another server takes the writes by now, this one's table may stay as it is for ever."""
    if read_only == "on":
        raise OSError(READ_ONLY)


def good_lines(all_rows):
    """The lines of those that can stand in a list, and the rows that cannot."""
    good = [row.line() for row in all_rows if lists.fits(row.line())]
    return good, [row for row in all_rows if not lists.fits(row.line())]
