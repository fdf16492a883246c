"""The dispatcher table in the form that Kamailio reads. Imported, never run."""

import contextlib
import json
import time
from collections import namedtuple

import lists
from connection import READ_ONLY, connect

# Timeout in seconds. The timeout of the statement is shorter, so that the server itself ends it.
PATIENCE = 4
LIMIT = "statement_timeout = '2s'"
# Whether the server is read-only now, and a digest of the whole table.
MARK = """SELECT current_setting('transaction_read_only'),
  (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM public.dispatcher AS t)"""
# The same, and the rows that Kamailio would load.
QUERY = f"""{MARK},
  (SELECT coalesce(json_agg(json_build_array(id, setid, destination, flags, priority, attrs, description) ORDER BY setid, id), '[]')::text
   FROM sip_proxy_dispatcher)"""
# In one transaction, so that the timeout ends with it: a pooler gives the connection to other clients.
ONCE = {"mark": f"SET LOCAL {LIMIT}; {MARK}", "whole": f"SET LOCAL {LIMIT}; {QUERY}"}
# On an own connection, prepared statements need half of the server's time.
PREPARE = f"SET {LIMIT}; PREPARE mark AS {MARK}; PREPARE whole AS {QUERY}"
PREPARED = {"mark": "EXECUTE mark", "whole": "EXECUTE whole"}


class Row(namedtuple("Row", "id set destination flags priority attrs description")):
    """A row of the table."""

    def line(self):
        """The row as a line of Kamailio's list_file, in which attributes contain no blanks."""
        attrs = "".join(self.attrs.split())
        return f"{self.set} {self.destination} {self.flags} {self.priority} {attrs}"

    def __str__(self):
        return f"row {self.id} ({self.destination}, {self.description or 'no description'})"


def rows(patience=PATIENCE):
    """All rows. Raises OSError with the text of the server or libpq."""
    end = time.monotonic() + patience
    with contextlib.closing(connect(end)) as connection:
        return look(connection, end)[1]


def look(connection, end, statements=ONCE):
    """A digest of the table, and its rows."""
    [(read_only, digest, text)] = connection.ask(statements["whole"], end)
    refuse(read_only)
    return digest, [Row(*row) for row in json.loads(text)]


def glance(connection, end, statements):
    """Only the digest, at a fraction of the cost."""
    [(read_only, digest)] = connection.ask(statements["mark"], end)
    refuse(read_only)
    return digest


def refuse(read_only):
    """Raises an error on a read-only server: if another server accepts the writes now, this one's table may never change."""
    if read_only == "on":
        raise OSError(READ_ONLY)


def good_lines(all_rows):
    """The lines of rows that fit into a list, and the other rows."""
    good = [row.line() for row in all_rows if lists.fits(row.line())]
    return good, [row for row in all_rows if not lists.fits(row.line())]
