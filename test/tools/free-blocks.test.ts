import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WITH_SBIN } from "../../src/do/local/tools.js";
import { packageRoot } from "../../src/do/assets.js";
import { attempt, run } from "../../src/do/process.js";

// A builder's disk becomes the image, so files that a bake has deleted must not remain in free blocks.

const folder = mkdtempSync(join(tmpdir(), "free-blocks-"));
const disk = join(folder, "disk.raw");
afterAll(() => rmSync(folder, { recursive: true }));

const env = { ...WITH_SBIN, LC_ALL: "C" };

/** Runs a script with the disk mounted at $1. */
function onDisk(script: string) {
  const inNamespace = ["unshare", "--mount", "--propagation", "private", "sh", "-c"] as const;
  const mounted = `set -eu; mount -o loop "$0" "$1"; ${script}`;
  return run({ argv: [...inNamespace, mounted, disk, join(folder, "mount")], env, timeout: 240_000 });
}

const onTheDisk = async (text: string) =>
  (await attempt({ argv: ["grep", "-z", "-c", "-a", "-F", text, disk], env })).exitCode === 0;

/** The disk space of the file, in bytes. */
const taken = () => statSync(disk).blocks * 512;

beforeAll(async () => {
  await run({ argv: ["mkdir", join(folder, "mount")] });
  await run({ argv: ["truncate", "-s", "256M", disk] });
  await run({ argv: ["mke2fs", "-q", "-t", "ext4", disk], env });
  await onDisk(`cd "$1"
    yes 'what is kept' | head -c 3000000 >kept
    for number in 1 2 3 4 5 6 7 8; do
      yes "deleted between, $number" | head -c 20000 >"between-$number"
      yes 'what is kept' | head -c 20000 >"kept-$number"
    done
    yes 'deleted, and overwritten by little' | head -c 80000000 >large
    sync
    rm between-* large
    cd /`);
});

test("free blocks are cleared, the files stay, and a disk with holes takes no more room", async () => {
  expect(await onTheDisk("deleted between, 7")).toBe(true);
  expect(await onTheDisk("deleted, and overwritten by little")).toBe(true);
  const before = taken();
  const { stdout } =
    await onDisk(`sha256sum "$1"/kept*; /usr/bin/python3 "${packageRoot}/packer/free_blocks.py" "$1"
    echo ==; sha256sum "$1"/kept*; find "$1" -mindepth 1 -name '.*'; cat /sys/fs/ext4/loop*/reserved_clusters`);
  expect(await onTheDisk("deleted")).toBe(false);
  expect(await onTheDisk("what is kept")).toBe(true);
  const [sums = "", after = ""] = stdout.split(/^\d+ KiB cleared\n==\n/m);
  expect(after.startsWith(sums)).toBe(true);
  expect(after.slice(sums.length)).toMatch(/^(?!0$)\d+$/m);
  expect(taken()).toBeLessThanOrEqual(before + 2 ** 20); // for the filesystem's own journal and tables
  await run({ argv: ["e2fsck", "-f", "-n", disk], env });
});

test("to the last block, on a disk that was full", async () => {
  await onDisk(`yes 'deleted from a full disk' >"$1/full" 2>/dev/null || true
    sync; rm "$1/full"; /usr/bin/python3 "${packageRoot}/packer/free_blocks.py" "$1"`);
  expect(await onTheDisk("deleted")).toBe(false);
  await run({ argv: ["e2fsck", "-f", "-n", disk], env });
});
