import { once } from "node:events";
import { access, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  containerArgv,
  NSPAWN_ENVIRONMENT,
  TREE_FOLDERS,
  type Container,
} from "../../compute/local/container.js";
import type { ProcessIdentity } from "../../compute/local/process-identity.js";
import { seedFiles, type Seed } from "../../compute/local/seed.js";
import { UserError } from "../../errors.js";
import { start } from "../process.js";
import { emptyCgroups } from "./cgroup.js";
import { argumentsOf, identify, isAlive, signal } from "./process-identity.js";
import { hasEnded } from "./ended.js";
import { requireTools, WITH_SBIN } from "./tools.js";

export const CONTAINER_TOOLS = ["systemd-nspawn", "ip", "nsenter", "unshare", "qemu-img"] as const;

/** Throws UserError if this machine does not support containers. */
export async function requireContainers(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new UserError("containers need root", {
      hint: "run it as root (sudo), or set launch.local.engine: vm",
    });
  await requireTools(...CONTAINER_TOOLS);
}

/** Makes the container's folders and its seed, readable only by root: user-data may contain secrets. */
export async function makeContainerFolder(container: Container, seed: Seed): Promise<void> {
  await mkdir(container.folder, { recursive: true, mode: 0o700 });
  for (const name of Object.values(TREE_FOLDERS))
    await mkdir(join(container.folder, name), { recursive: true, mode: 0o755 });
  await mkdir(container.seed, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(seedFiles(seed)))
    await writeFile(join(container.seed, name), content, { mode: 0o600 });
}

/**
 * Boots the container, which outlives this process. Its network namespace must exist. Returns its nspawn process when the
 * tree is mounted and nspawn runs. The console log is overwritten. Throws UserError with the log's last lines if the start fails.
 */
export async function startContainer(
  container: Container,
  initArgs: readonly string[] = [],
): Promise<ProcessIdentity> {
  await requireContainers();
  await emptyCgroups(container.id);
  await rm(container.pidfile, { force: true });
  const argv = containerArgv(container, { systemd: await systemdIsInit(), initArgs });
  const log = await open(container.console, "w", 0o600);
  try {
    const child = start(
      { argv, env: { ...WITH_SBIN, ...NSPAWN_ENVIRONMENT } },
      { detached: true, stdio: ["ignore", log.fd, log.fd] },
    );
    await once(child, "spawn");
    child.unref();
    return await untilBooting(container, child.pid ?? 0);
  } finally {
    await log.close();
  }
}

async function untilBooting({ name, console: log }: Container, pid: number): Promise<ProcessIdentity> {
  for (;;) {
    const found = identify(pid);
    if (found === undefined) break;
    if (basename(argumentsOf(pid)[0] ?? "") === "systemd-nspawn") return found;
    await sleep(20);
  }
  const last = (await readFile(log, "utf8")).trimEnd().split("\n").slice(-10);
  throw new UserError(
    `${name}: the container did not start\n${last.map((line) => `  | ${line}`).join("\n")}`,
    {
      hint: "set launch.local.engine: vm to run virtual machines instead",
    },
  );
}

/** The test that `systemctl` uses. */
export async function systemdIsInit(): Promise<boolean> {
  return access("/run/systemd/system").then(
    () => true,
    () => false,
  );
}

export type ContainerEnd = "was not running" | "powered down" | "killed";

/** Makes the guest power down: nspawn forwards SIGTERM to its init. Kills what still runs after `timeout` ms. */
export async function stopContainer(
  { id }: Container,
  running: ProcessIdentity | undefined,
  timeout: number,
): Promise<ContainerEnd> {
  const asked = running !== undefined && timeout > 0 && signal(running, "SIGTERM");
  const poweredDown = asked && (await hasEnded(running, timeout));
  const killed = running !== undefined && isAlive(running);
  if (killed) signal(running, "SIGKILL");
  await emptyCgroups(id);
  if (running === undefined) return "was not running";
  return poweredDown || !killed ? "powered down" : "killed";
}
