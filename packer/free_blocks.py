"""free_blocks.py FOLDER: clears the blocks of FOLDER's ext4 filesystem that no file has, where they hold anything: what was deleted.

All free blocks are given to files, unwritten, so that nobody else takes them meanwhile; they are read from the disk, below the filesystem, and
zeros are written where there is something else. What is zero already stays unwritten: a volume's snapshot becomes no larger, and a sparse disk
stays sparse. Needs root. Prints how much was cleared.
"""

import contextlib
import ctypes
import fcntl
import mmap
import os
import shutil
import struct
import sys
import tempfile

# a block of a snapshot on EC2 (Amazon EBS direct APIs, "block": 512 KiB)
STEP = 512 * 1024
# linux/fiemap.h, linux/fs.h
FIEMAP, FIEMAP_FLAG_SYNC, EXTENTS, HEADER, EXTENT = 0xC020660B, 1, 512, "=QQLLLL", "=QQQ2QL3L"
FIEMAP_EXTENT_LAST = 1

libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate64.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


def take_free(folder):
    """Makes files that together occupy all free blocks; yields descriptors."""
    size = os.statvfs(folder).f_bfree * os.statvfs(folder).f_frsize
    while size >= 4096:
        file = os.open(os.path.join(folder, str(size)), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        at = 0
        while libc.fallocate64(file, 0, at, size) == 0:
            at += size
        yield file
        size //= 2


def extents(file):
    """The extents of a file: (offset in the file, offset on the disk, bytes)."""
    start, last = 0, False
    while not last:
        request = bytearray(struct.pack(HEADER, start, 2**64 - 1 - start, FIEMAP_FLAG_SYNC, 0, EXTENTS, 0))
        request += bytes(EXTENTS * struct.calcsize(EXTENT))
        fcntl.ioctl(file, FIEMAP, request)
        count = struct.unpack_from(HEADER, request)[3]
        if count == 0:
            return
        for number in range(count):
            place = struct.calcsize(HEADER) + number * struct.calcsize(EXTENT)
            logical, physical, length, _, _, flags, *_ = struct.unpack_from(EXTENT, request, place)
            yield logical, physical, length
            start, last = logical + length, flags & FIEMAP_EXTENT_LAST


def device_of(folder):
    number = os.stat(folder).st_dev
    return os.path.basename(os.readlink(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}"))


@contextlib.contextmanager
def nothing_kept_back(device):
    """Turns off ext4's reserved clusters, which files do not get."""
    setting = f"/sys/fs/ext4/{device}/reserved_clusters"
    with open(setting, "r+", encoding="ascii") as file:
        before = file.read()
        file.write("0")
    try:
        yield
    finally:
        with open(setting, "w", encoding="ascii") as file:
            file.write(before)


def clear(file, disk):
    """Writes zeros to parts of a file that are not zero on the disk; yields offset on the disk and number of bytes."""
    for logical, physical, length in list(extents(file)):
        at = 0
        while at < length:
            size = min(STEP - (physical + at) % STEP, length - at)
            if holds_anything(disk, physical + at, size):
                os.pwrite(file, bytes(size), logical + at)
                yield physical + at, size
            at += size


page = mmap.mmap(-1, STEP)


def holds_anything(disk, at, size):
    if os.preadv(disk, [memoryview(page)[:size]], at) != size:
        raise OSError(f"the disk ends at {at}")
    return page[:size] != bytes(size)


def main(folder):
    device = device_of(folder)
    os.sync()
    work = tempfile.mkdtemp(prefix=".free-blocks-", dir=folder)
    try:
        with nothing_kept_back(device):
            files = list(take_free(work))
            os.sync()
            # bypasses the kernel's cache, which may have old content
            disk = os.open(f"/dev/{device}", os.O_RDONLY | os.O_DIRECT)
            cleared = [place for file in files for place in clear(file, disk)]
            for file in files:
                os.fsync(file)
            if any(holds_anything(disk, *place) for place in cleared):
                raise OSError("free blocks still hold what was deleted")
    finally:
        shutil.rmtree(work)
        os.sync()
    print(f"{sum(size for _, size in cleared) // 1024} KiB cleared")


if __name__ == "__main__":
    main(sys.argv[1])
