#!/usr/bin/python3 -IB
"""Polls the dispatcher table like many hosts, without the hosts.

followers LIB WAY HOSTS POLL SECONDS

WAY   psql   one psql per poll, as in releases before 0.2
      kept   the current way of hosts (watched.py in LIB)
Prints a line "ready" after the first poll of all hosts. At the end, prints JSON: looks, failures, kept (connections), and for each host
the time of day when it first saw a change of the table.
"""

import json
import random
import subprocess
import sys
import threading
import time

lib, way, hosts, poll, seconds = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
sys.path.insert(0, lib)
import connection
from watched import Watched, pause_after

FORMER = "SELECT setid, destination, flags, priority, translate(attrs, E' \\t\\n', '') FROM sip_proxy_dispatcher ORDER BY setid, id"


class Psql:
    def __init__(self):
        self.connection = None

    def rows(self):
        argv = ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", f"--command={FORMER}"]
        done = subprocess.run(argv, capture_output=True, text=True, env=connection.access(), check=False)
        if done.returncode != 0:
            raise OSError(done.stderr)
        return done.stdout

    def wait(self, seconds):
        time.sleep(max(0, seconds))


class Host(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.looks, self.failures, self.seen, self.changed = 0, 0, None, None
        self.watched = Psql() if way == "psql" else Watched()

    def run(self):
        due = time.monotonic() + random.uniform(0, poll)
        in_a_row = 0
        while True:
            self.watched.wait(due - time.monotonic())
            try:
                rows = self.watched.rows()
                self.looks += 1
                in_a_row = 0
                if self.seen is not None and rows != self.seen and self.changed is None:
                    self.changed = time.time()
                self.seen = rows
            except OSError as error:
                self.failures += 1
                in_a_row += 1
                said.add(str(error))
            if in_a_row:
                due = time.monotonic() + pause_after(in_a_row, poll)
            elif time.monotonic() >= due:
                due = time.monotonic() + poll


said = set()
all_hosts = [Host() for _ in range(hosts)]
for host in all_hosts:
    host.start()
while not all(host.looks for host in all_hosts):
    time.sleep(0.1)
before = sum(host.looks for host in all_hosts)
print("ready", flush=True)
time.sleep(seconds)
print(
    json.dumps(
        {
            "looks": sum(host.looks for host in all_hosts) - before,
            "failures": sum(host.failures for host in all_hosts),
            "kept": sum(host.watched.connection is not None for host in all_hosts),
            "changed": [host.changed for host in all_hosts],
        }
    )
)
for text in sorted(said):
    print(text, file=sys.stderr)
