"""The recorders' names, and their addresses for Kamailio. Imported, never run.

If a resolver does not answer, Kamailio waits 10 s or more for each name, and then starts without that recorder. So this module resolves
names instead, with a timeout, keeps the last answers on disk, and passes them to Kamailio in a block of /etc/hosts. A name without any
known address gets an address to which nothing can be sent, so that calls immediately use the next recorder.

A name with several addresses keeps its current one as long as it is among them; otherwise it gets the lowest.
"""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

import files
import lists

root = os.environ.get("SIP_PROXY_ROOT", "")
hosts = f"{root}/etc/hosts"
kept = f"{lists.folder}/recorder.addresses"
# Files with name servers: first the servers behind systemd-resolved, which itself would answer from /etc/hosts.
SERVERS = f"{root}/run/systemd/resolve/resolv.conf", f"{root}/etc/resolv.conf"

BEGIN, END = "# BEGIN recorders of the SIP proxy (managed by sip-proxy, changes are lost)\n", "# END recorders of the SIP proxy\n"
BLOCK = re.compile(f"^{re.escape(BEGIN)}.*?^{re.escape(END)}", re.MULTILINE | re.DOTALL)
# The broadcast address: sending to it fails immediately on Kamailio's sockets.
NOWHERE = "255.255.255.255"

# Timeout in seconds for all names.
PATIENCE = 2
# Seconds: longest validity of an answer, and pause before a name without an answer is queried again.
LONGEST, AGAIN = 60, 5
# Names that are queried at the same time.
AT_ONCE = 64
URI = re.compile(r"(?:sips?:)?(?:[^@]*@)?([A-Za-z0-9][A-Za-z0-9.-]*)(?::\d{1,5})?(?:[;?].*)?")
ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


class Names:
    """known: {name: address} from the last answers; faults: {name: why the last query had no answer}."""

    def __init__(self):
        self.known, self.faults, self.due = read(), {}, {}

    def look(self, lines):
        """Resolves the names of a list whose answers have expired. Raises OSError if answers cannot be stored or passed to Kamailio."""
        names = names_of(lines)
        before, given = dict(self.known), own_lines()
        for name in given.keys() & set(names):
            self.take(name, [given[name]], 0)
        self.ask([name for name in names if name not in given and self.due.get(name, 0) <= time.monotonic()])
        for of in self.known, self.faults, self.due:
            for name in of.keys() - set(names):
                del of[name]
        tell({name: self.known.get(name, NOWHERE) for name in names if name not in given})
        if self.known != before:
            files.write(kept, self.text())

    def ask(self, names):
        if not names:
            return
        # imported here, because loading it takes long, and most tables have no names
        from name_servers import answer

        end = time.monotonic() + PATIENCE
        with ThreadPoolExecutor(min(AT_ONCE, len(names))) as threads:
            answers = threads.map(lambda name: answer(name, SERVERS, end), names)
            for name, (addresses, seconds, fault) in zip(names, answers):
                if addresses:
                    self.take(name, addresses, min(seconds, LONGEST))
                else:
                    self.faults[name], self.due[name] = fault, time.monotonic() + AGAIN

    def take(self, name, addresses, seconds):
        self.due[name] = time.monotonic() + seconds
        good = [address for address in addresses if is_a_recorders(address)]
        if not good:
            self.faults[name] = f"{addresses[0]} cannot be the address of a recorder"
            return
        self.faults.pop(name, None)
        if self.known.get(name) not in good:
            self.known[name] = min(good, key=IPv4Address)

    def fault(self):
        """The faults in one line; empty if there are none."""
        return "; ".join(
            f"{name} does not resolve ({why}): " + (f"its last address {self.known[name]} is used" if name in self.known else "it gets no calls until it resolves")
            for name, why in sorted(self.faults.items())
        )

    def standing(self):
        """Lines of NAME 1; 0 for names whose last query had no answer."""
        return "\n".join(f"{name} {0 if name in self.faults else 1}" for name in sorted(self.known | self.faults))

    def text(self):
        """Lines of NAME ADDRESS, which Kamailio must have read together with the list."""
        return "".join(f"{name} {address}\n" for name, address in sorted(self.known.items()))


def names_of(lines):
    """The names in a list's destinations, without duplicates, in lower case."""
    found = [URI.fullmatch(line.split(" ")[1]) for line in lines]
    return list(dict.fromkeys(match[1].lower() for match in found if match and not ADDRESS.fullmatch(match[1])))


def is_a_recorders(address):
    """Refuses addresses of this host, and multicast or broadcast addresses: they are worse than no address."""
    found = IPv4Address(address)
    return not (found.is_loopback or found.is_unspecified or found.is_multicast or found.is_reserved)


def read():
    """The last answers."""
    try:
        with open(kept, encoding="utf-8") as file:
            pairs = [line.split() for line in file]
        return {name: address for name, address in pairs if is_a_recorders(address)}
    except (FileNotFoundError, ValueError):
        return {}


def own_lines():
    """{name: address} of other entries in /etc/hosts, which take precedence over servers."""
    found = {}
    for line in BLOCK.sub("", contents()).splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if ADDRESS.fullmatch(address):
            for name in names:
                found.setdefault(name.lower(), address)
    return found


def tell(addresses):
    """Writes the names with these addresses for Kamailio."""
    lines = "".join(f"{address} {name}\n" for name, address in sorted(addresses.items()))
    text = contents()
    others = BLOCK.sub("", text)
    if lines:
        others += ("" if others.endswith("\n") or not others else "\n") + BEGIN + lines + END
    if others != text:
        put(os.path.realpath(hosts), others)


def put(path, text):
    """Writes in place if the file is a mount, as in containers; otherwise atomically."""
    if os.path.ismount(path):
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
    else:
        files.write(path, text)


def contents():
    try:
        with open(hosts, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return ""
