/**
 * `run-ts.mjs two-containers.ts SUFFIX`: boots two containers of the base image at the same time, ends a service in one, checks the same
 * service in the other, powers both down, and prints the results (JSON, the last line).
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startContainer, stopContainer } from "../../src/do/local/container.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { run } from "../../src/do/process.js";
import { baseContainer, makeLan } from "./base-container.js";

const MINUTE = 60_000;
const suffix = process.argv[3] ?? "";
const netns = `two-lab-${suffix}`;
const folder = await mkdtemp(join(tmpdir(), "two-containers-"));
const removeLan = await makeLan(netns);
try {
  const names = [2, 3].map((last) => ({ id: `two-${suffix}-${last}`, last }));
  const made = [];
  for (const { id, last } of names) {
    await mkdir(join(folder, id));
    made.push(await baseContainer(join(folder, id), netns, id, last));
  }
  for (const { plug } of made) await plug();
  const running = await Promise.all(made.map(({ container }) => startContainer(container)));
  const script = (input: string) => ({ argv: ["bash", "-s"] as const, input, timeout: 2 * MINUTE });
  const states = await Promise.all(
    made.map(async ({ guest }) => {
      await waitForSsh(guest, 2 * MINUTE);
      await waitForCloudInit(guest, 2 * MINUTE);
      return runInGuest(guest, script("systemctl is-system-running --wait || systemctl --failed"));
    }),
  );
  const [one, other] = made;
  if (!one || !other) throw new Error("two were to be made");
  // systemd in one ends all processes in its unit's cgroup, which must not be the cgroup of the same unit in the other
  for (const { guest } of made)
    await runInGuest(guest, script("sudo systemd-run --quiet --unit=same sleep 600"));
  await runInGuest(one.guest, script("sudo systemctl stop same"));
  const stillThere = await runInGuest(other.guest, script("systemctl is-active same"));
  const ends = await Promise.all(
    made.map(({ container }, n) => stopContainer(container, running[n], MINUTE)),
  );
  for (const { unplug } of made) await unplug();
  const seen = `mount; losetup --list --output BACK-FILE; ip netns; find /sys/fs/cgroup -name '*two-${suffix}*'`;
  const { stdout } = await run({ argv: ["sh", "-c", seen] });
  const left = stdout.split("\n").filter((line) => line.includes(`two-${suffix}`) || line.includes(folder));
  console.log(JSON.stringify({ states, stillThere, ends, left: left.join("\n") }));
} finally {
  await removeLan();
  await rm(folder, { recursive: true, force: true });
}
