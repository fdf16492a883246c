import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../compute/local/cache-key.js";
import type { Container } from "../../compute/local/container.js";
import { run } from "../process.js";
import { withTemporaryFolder } from "../temporary-folder.js";
import type { CacheOptions } from "./base-tree.js";
import { CONTAINER_TOOLS, makeContainerFolder, startContainer, stopContainer } from "./container.js";
import { hasEnded } from "./ended.js";
import { withLock } from "./lock.js";
import { hostPaths } from "./paths.js";
import { bootId } from "./process-identity.js";
import { ensureRawDisk } from "./raw-disk.js";
import { SILENT } from "./talk.js";
import { missingTools, refuseMissing } from "./tools.js";
import { removeNamespace } from "./veth.js";

/** Milliseconds. A guest without work boots and powers down in three seconds. */
const TIMEOUT = 60_000;

/**
 * Whether a container of this image (qcow2) really boots. This is tested once per boot of this machine. Throws UserError if tools are
 * missing: an emulated VM instead would take many times as long.
 */
export async function containersBoot(image: string, options: CacheOptions = {}): Promise<boolean> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  const file = join(cache, "containers.json");
  if (process.getuid?.() !== 0) {
    talk.info("containers need root: no containers (run it as root)");
    return false;
  }
  refuseMissing(await missingTools(CONTAINER_TOOLS), "set launch.local.engine: vm");
  return withLock(
    `${file}.lock`,
    async () => (await recall(file)) ?? (await note(file, await tryOne(image, cache), talk)),
    () => talk.info("waiting for another process that tries a container"),
  );
}

async function recall(file: string): Promise<boolean | undefined> {
  try {
    const known = JSON.parse(await readFile(file, "utf8")) as { bootId: string; boot: boolean };
    return known.bootId === bootId() ? known.boot : undefined;
  } catch {
    return undefined;
  }
}

async function note(file: string, failure: string | undefined, talk: { info: (line: string) => void }) {
  const boot = failure === undefined;
  talk.info(boot ? "hosts run as containers" : `hosts cannot run as containers here: ${failure}`);
  await writeFile(file, JSON.stringify({ bootId: bootId(), boot, failure }));
  return boot;
}

/** Boots a container that powers down immediately. Returns the error, if any. */
async function tryOne(image: string, cache: string): Promise<string | undefined> {
  const id = `sp-try-${digestOf(cache).slice(0, 8)}`; // always the same name, so that a container of an interrupted test is found
  const disk = await ensureRawDisk(image, { cache });
  await mkdir(cache, { recursive: true });
  return withTemporaryFolder(cache, async (path) => {
    const file = (name: string) => join(path, name);
    const files = {
      folder: file("tree"),
      seed: file("seed"),
      console: file("console"),
      pidfile: file("pid"),
    };
    const container: Container = { engine: "container", name: "try", id, disk, namespace: id, ...files };
    const metaData = { instanceId: "try", hostname: "try", publicKeys: [] };
    await makeContainerFolder(container, { metaData, userData: "", network: [] });
    await removeNamespace(id);
    try {
      await run({ argv: ["ip", "netns", "add", id] });
      const running = await startContainer(container, ["systemd.unit=poweroff.target"]);
      const ended = await hasEnded(running, TIMEOUT);
      const log = await readFile(container.console, "utf8");
      if (ended && log.includes("Powering off")) return undefined;
      return `a test container did not boot\n${log.trimEnd().split("\n").slice(-10).join("\n")}`;
    } catch (error) {
      return (error as Error).message;
    } finally {
      await stopContainer(container, undefined, 0);
      await removeNamespace(id);
    }
  });
}
