"""The dispatcher table, as Kamailio reads it. Imported, never run."""

import contextlib
import json
import time
from collections import namedtuple

import lists
from connection import connect

# Seconds for a look. The statement's own limit comes first: its end is the server's, which then holds nothing of it.
PATIENCE = 4
# One transaction, with which the limit ends: a pooler gives the next one to somebody else. What is known already is not sent.
QUERY = """SET LOCAL statement_timeout = '2s';
SELECT digest, CASE WHEN digest <> '{known}' THEN list END
FROM (SELECT list, hashtextextended(list, 0)::text AS digest
  FROM (SELECT coalesce(
      json_agg(json_build_array(id, setid, destination, flags, priority, attrs, description) ORDER BY setid, id), '[]')::text AS list
    FROM sip_proxy_dispatcher) AS whole) AS summed"""


class Row(namedtuple("Row", "id set destination flags priority attrs description")):
    """A row of the table."""

    def line(self):
        """As a line of Kamailio's list_file, in which attributes have no blanks."""
        attrs = "".join(self.attrs.split())
        return f"{self.set} {self.destination} {self.flags} {self.priority} {attrs}"

    def __str__(self):
        return f"row {self.id} ({self.destination}, {self.description or 'no description'})"


def rows():
    """All rows. Fails with OSError, whose text is what the server says, or libpq."""
    end = time.monotonic() + PATIENCE
    with contextlib.closing(connect(end)) as connection:
        return look(connection, "", end)[1]


def look(connection, known, end):
    """The digest of the table, and its rows; None where the digest is the one that is known."""
    [(digest, text)] = connection.ask(QUERY.format(known=known), end)
    return digest, None if text is None else [Row(*row) for row in json.loads(text)]


def good_lines(all_rows):
    """The lines of those that can stand in a list, and the rows that cannot."""
    good = [row.line() for row in all_rows if lists.fits(row.line())]
    return good, [row for row in all_rows if not lists.fits(row.line())]
