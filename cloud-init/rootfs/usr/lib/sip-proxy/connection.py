"""A connection to the database, with a timeout for every operation. Imported, never run."""

import contextlib
import os
import re
import select
import time

import psycopg2
from psycopg2 import extensions
from resolver import addresses

root = os.environ.get("SIP_PROXY_ROOT", "")
run = f"{root}/run/sip-proxy"

# The encoding of clusters with locale C: any bytes, usually UTF-8.
extensions.encodings["SQL_ASCII"] = "utf_8"

READ_ONLY = "the server is read-only"


def connect(end):
    """Connects to the first of this host's servers that accepts writes, until `end` (of time.monotonic). Raises OSError with libpq's
    text."""
    os.environ.update(access())
    listed = servers()
    failures = []
    for number, server in enumerate(listed):
        try:
            connection = to_writer(*server, share(end, len(listed) - number), number + 1 == len(listed))
        except OSError as error:
            failures.append(str(error) if len(listed) == 1 else f"{named(*server)}: {error}")
        else:
            if len(listed) > 1:
                put_first(server, listed)
            return connection
    raise OSError("; ".join(failures))


def servers():
    """Host and port of each server, in the order of the fleet file. As in libpq, one port can be for all."""
    hosts, ports = (os.environ[name].split(",") for name in ("PGHOST", "PGPORT"))
    return list(zip(hosts, ports * len(hosts) if len(ports) == 1 else ports))


def named(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# Seconds for a server without an answer if there is another one. (Queries may wait longer, in a pooler's queue.)
SILENT = 4


def to_writer(host, port, end, last):
    """Connects to the first address that accepts a connection. libpq's target_session_attrs is not used: it relies on the server's state at
    the beginning, which a pooler may report from a connection before a standby was promoted."""
    found = addresses(host)
    for number, address in enumerate(found):
        try:
            until = share(end, len(found) - number)
            if not last:
                until = min(until, time.monotonic() + SILENT)
            connection = Connection(host, address, port, until)
            break
        except OSError as error:
            failure = error
    else:
        raise failure
    try:
        [(read_only,)] = connection.ask("SHOW transaction_read_only", end)
        if read_only == "on":
            raise OSError(READ_ONLY)
    except OSError:
        connection.close()
        raise
    return connection


def share(end, tries):
    now = time.monotonic()
    return now + (end - now) / tries


def put_first(server, listed):
    """Makes this the first server for Kamailio and kamctl, which do not look for the one that accepts writes."""
    hosts, ports = (",".join(values) for values in zip(server, *(other for other in listed if other != server)))
    path = f"{run}/pg_service.conf"
    with contextlib.suppress(OSError):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        wanted = re.sub(r"(?m)^port=.*", f"port={ports}", re.sub(r"(?m)^host=.*", f"host={hosts}", text))
        if wanted != text:
            with open(f"{path}.new.{os.getpid()}", "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(wanted)
            os.replace(file.name, path)


def access():
    """The database access: libpq's variables, written by configure."""
    with open(f"{run}/database.env", encoding="utf-8") as file:
        return dict(line.split("=", 1) for line in file.read().splitlines())


class Connection:
    """An open connection. All methods raise OSError with libpq's text; after that, it can only be closed."""

    def __init__(self, host, address, port, end):
        self.host, self.address, self.port = host, address, port
        try:
            self.link = psycopg2.connect(host=host, hostaddr=address, port=port, async_=True)
        except psycopg2.Error as error:
            raise OSError(reason(error)) from None
        try:
            self.settle(end)
        except OSError:
            self.close()
            raise

    def another(self, end):
        return Connection(self.host, self.address, self.port, end)

    def ask(self, sql, end):
        """The rows of the last statement."""
        try:
            cursor = self.link.cursor()
            cursor.execute(sql)
            self.settle(end)
            return cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            raise OSError(reason(error)) from None

    def hears(self, seconds):
        """Waits for a notification, or for any other message of the server."""
        if not self.link.notifies and not select.select([self.link], [], [], max(0, seconds))[0]:
            return False
        self.settle(time.monotonic() + 1)
        self.link.notifies.clear()
        return True

    def is_the_servers(self, process):
        """Whether the answering server process is the one of the login. If not, there is a pooler in between."""
        return self.link.info.backend_pid == process

    def settle(self, end):
        """Waits until the operation is done."""
        began = time.monotonic()
        try:
            while (state := self.link.poll()) != extensions.POLL_OK:
                readers, writers = ([self.link], []) if state == extensions.POLL_READ else ([], [self.link])
                if not any(select.select(readers, writers, [], max(0, end - time.monotonic()))):
                    raise TimeoutError(f"no answer within {max(0, end - began):.1f} s")
        except psycopg2.Error as error:
            raise OSError(reason(error)) from None

    def close(self):
        self.link.close()


def reason(error):
    """libpq's message in one line."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = next((line for line in lines if any(word in line for word in ("ERROR", "FATAL", "failed", "error"))), (lines or ["no connection"])[0])
    return " ".join(said.split())


def way_out(text):
    """A hint for a message of the database, after a semicolon; empty if there is none."""
    with open(f"{root}/usr/share/sip-proxy/database-ways", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return next((f"; {way}" for words, way in lines if re.search(words, text)), "")
