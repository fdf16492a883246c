"""A connection to the database, on which nothing waits longer than it may. Imported, never run."""

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

# What clusters of the locale C have: bytes, UTF-8 as a rule.
extensions.encodings["SQL_ASCII"] = "utf_8"

READ_ONLY = "the server is read-only"


def connect(end):
    """To the first of this host's servers that takes writes, until `end` (of time.monotonic). Fails with OSError, whose text is what
    libpq says."""
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
    """Host and port of each, in the order of the fleet file; libpq takes one port for all, too."""
    hosts, ports = (os.environ[name].split(",") for name in ("PGHOST", "PGPORT"))
    return list(zip(hosts, ports * len(hosts) if len(ports) == 1 else ports))


def named(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# Seconds for a server that answers nothing, where there is another one: what it is connected for may wait longer, in a pooler's queue.
SILENT = 4


def to_writer(host, port, end, last):
    """By the first of its addresses that takes a connection. Libpq's own target_session_attrs goes by what the server said at first:
    through a pooler that is of another connection, from before a standby was promoted."""
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
    """Kamailio and kamctl, which know nothing of writers, connect to this one first."""
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
    """How the database is reached: libpq's variables, which configure has written."""
    with open(f"{run}/database.env", encoding="utf-8") as file:
        return dict(line.split("=", 1) for line in file.read().splitlines())


class Connection:
    """Open from the beginning. Everything fails with OSError, whose text is what libpq says; it is of no use then but to be closed."""

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
        """The rows that the last of some statements gives."""
        try:
            cursor = self.link.cursor()
            cursor.execute(sql)
            self.settle(end)
            return cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            raise OSError(reason(error)) from None

    def hears(self, seconds):
        """Waits for a notification, or for anything else that the server has to say."""
        if not self.link.notifies and not select.select([self.link], [], [], max(0, seconds))[0]:
            return False
        self.settle(time.monotonic() + 1)
        self.link.notifies.clear()
        return True

    def is_the_servers(self, process):
        """Whether the process of the server that answers is the one that let it in; else a pooler is in between."""
        return self.link.info.backend_pid == process

    def settle(self, end):
        """Until what was begun is done."""
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
    """What libpq says, in a line."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = next((line for line in lines if any(word in line for word in ("ERROR", "FATAL", "failed", "error"))), (lines or ["no connection"])[0])
    return " ".join(said.split())


def way_out(text):
    """What to do about what a database says, after a semicolon; nothing where that is not known."""
    with open(f"{root}/usr/share/sip-proxy/database-ways", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return next((f"; {way}" for words, way in lines if re.search(words, text)), "")
