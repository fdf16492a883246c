"""Atomic writes: readers always see a complete file, even after a power cut. Imported, never run."""

import contextlib
import os

NEW = ".new"


def write(path, content):
    new = path + NEW
    try:
        prepare(new, content)
        os.replace(new, path)
        sync_folder(path)
    except OSError:
        remove(new)
        raise


def prepare(new, content):
    """Writes the file that will replace another one, and syncs it to disk."""
    with open(new, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(content)
        os.fchmod(file.fileno(), 0o644)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path):
    """Syncs the folder of a file."""
    handle = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
