"""The dispatcher table, as Kamailio reads it. Imported, never run."""

import json
import os
import subprocess
from collections import namedtuple

import lists

run = os.environ.get("SIP_PROXY_ROOT", "") + "/run/sip-proxy"

# Seconds for a look. The statement's own limit comes first: its end is the server's, which then holds nothing of it.
PATIENCE = 4
QUERY = """BEGIN READ ONLY; SET LOCAL statement_timeout = '2s';
SELECT coalesce(json_agg(json_build_array(id, setid, destination, flags, priority, attrs, description) ORDER BY setid, id), '[]')
FROM sip_proxy_dispatcher; COMMIT"""


class Row(namedtuple("Row", "id set destination flags priority attrs description")):
    """A row of the table."""

    def line(self):
        """As a line of Kamailio's list_file, in which attributes have no blanks."""
        attrs = "".join(self.attrs.split())
        return f"{self.set} {self.destination} {self.flags} {self.priority} {attrs}"

    def __str__(self):
        return f"row {self.id} ({self.destination}, {self.description or 'no description'})"


def rows():
    """All rows. Fails with OSError, whose text is what psql says."""
    argv = ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", f"--command={QUERY}"]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, env=os.environ | access(), check=False
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"it is silent: no answer within {PATIENCE} s") from None
    if done.returncode != 0:
        raise OSError(reason(done.stderr))
    return [Row(*row) for row in json.loads(done.stdout)]


def access():
    """How the database is reached: the environment of psql, which configure has written."""
    with open(f"{run}/database.env", encoding="utf-8") as file:
        return dict(line.split("=", 1) for line in file.read().splitlines())


def reason(told):
    """What psql says, in a line."""
    lines = [line for line in told.splitlines() if line.strip()]
    said = next((line for line in lines if any(word in line for word in ("ERROR", "FATAL", "failed", "error"))), (lines or ["psql failed"])[0])
    return " ".join(said.removeprefix("psql: ").split())


def good_lines(all_rows):
    """The lines of those that can stand in a list, and the rows that cannot."""
    good = [row.line() for row in all_rows if lists.fits(row.line())]
    return good, [row for row in all_rows if not lists.fits(row.line())]
