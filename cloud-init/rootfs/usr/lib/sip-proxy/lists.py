"""The last good dispatcher list on disk, in the form of Kamailio's list_file. Imported, never run.

A comment at the end contains its checksum. The predecessor is kept beside it, so that one of them is complete after a power cut.
"""

import contextlib
import fcntl
import hashlib
import os
import re

from files import NEW, prepare, remove, sync_folder

folder = os.environ.get("SIP_PROXY_ROOT", "") + "/var/lib/sip-proxy"
current = folder + "/dispatcher.list"
previous = current + ".previous"

MARK = "# sha256 "
# SET URI FLAGS PRIORITY ATTRS. Kamailio does not start if a line ends after the set's number, and reads at most 1,023 bytes of a line.
LINE = re.compile(r"\d+ [^\s#]+ \d+ \d+ \S*")
LONGEST = 1000


def fits(line):
    """Whether Kamailio reads the line correctly."""
    return bool(LINE.fullmatch(line)) and len(line.encode()) <= LONGEST


def read(path):
    """The lines of a list, and whether it has a checksum, which must be correct. Raises OSError or ValueError."""
    with open(path, encoding="utf-8") as file:
        body, mark, digest = file.read().rpartition(MARK)
    # earlier releases wrote no checksum
    body, is_marked = (body, True) if mark else (digest, False)
    lines = body.split("\n")[:-1]
    if not lines or not all(map(fits, lines)) or is_marked and digest.strip() != checksum(body):
        raise ValueError(f"{path} is damaged")
    return lines, is_marked


def last_good():
    """The lines of the newest complete list, and its path; empty and None if there is none."""
    found = []
    for path in (current, previous):
        with contextlib.suppress(OSError, ValueError):
            lines, is_marked = read(path)
            found.append((not is_marked, path == previous, lines, path))
    return min(found)[2:] if found else ([], None)


def predecessor():
    """The lines of the list before the newest one; empty if there is none."""
    with contextlib.suppress(OSError, ValueError):
        return read(previous)[0]
    return []


def keep(lines):
    """Makes lines the last good list, and the current one its predecessor. False if they are equal."""
    with changing():
        good, path = last_good()
        if good == lines and path == current and read(current)[1]:
            return False
        write(current, f"{text(lines)}{MARK}{checksum_of(lines)}\n", keeps_former=path == current)
    return True


def mend():
    """Replaces a damaged list by its predecessor. Returns the path of the last good list; None if there is none."""
    with changing():
        lines, path = last_good()
        if path == previous:
            with open(previous, encoding="utf-8") as file:
                write(current, file.read(), keeps_former=False)
    return path and current


def text(lines):
    return "".join(line + "\n" for line in lines)


def write(path, content, keeps_former):
    new, former = path + NEW, previous + NEW
    try:
        prepare(new, content)
        if keeps_former:
            os.link(path, former)
            os.replace(former, previous)
        os.replace(new, path)
        sync_folder(path)
    except OSError:
        remove(new)
        remove(former)
        raise


@contextlib.contextmanager
def changing():
    """A lock, because the first boot and dispatcher-sync may run at the same time."""
    os.makedirs(folder, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        # left by an interrupted write
        remove(current + NEW)
        remove(previous + NEW)
        yield
    finally:
        os.close(handle)


def checksum_of(lines):
    return checksum(text(lines))


def checksum(body):
    return hashlib.sha256(body.encode()).hexdigest()
