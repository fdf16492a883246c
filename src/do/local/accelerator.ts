import { constants } from "node:fs";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KVM_FAILURE, probeArgv, probeSucceeded, type Accelerator } from "../../compute/local/accelerator.js";
import { attempt } from "../process.js";
import type { CacheOptions } from "./base-tree.js";
import { hostPaths } from "./paths.js";
import { bootId } from "./process-identity.js";
import { SILENT } from "./talk.js";
import { hasTool } from "./tools.js";

/** Milliseconds. With working KVM the kernel needs a second or two; TCG needs three, so slower KVM has no advantage. */
const PROBE_TIMEOUT = 15_000;

/**
 * KVM if a guest really runs with it, otherwise TCG. This is tested once per boot of this machine, with the base image's kernel.
 */
export async function findAccelerator(kernel: string, options: CacheOptions = {}): Promise<Accelerator> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  if (!(await hasTool("qemu-system-x86_64"))) return "tcg"; // nothing is known about KVM
  const file = join(cache, "accelerator.json");
  const known = await recall(file);
  if (known !== undefined) return known;
  const accelerator = (await kvmRuns(kernel)) ? "kvm" : "tcg";
  talk.info(
    accelerator === "kvm"
      ? "KVM works on this machine"
      : "KVM does not work on this machine: virtual machines are emulated (slow)",
  );
  await mkdir(cache, { recursive: true });
  await writeFile(file, JSON.stringify({ bootId: bootId(), accelerator }));
  return accelerator;
}

export function hasKvmDevice(): Promise<boolean> {
  return access("/dev/kvm", constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function kvmRuns(kernel: string): Promise<boolean> {
  if (!(await hasKvmDevice())) return false;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PROBE_TIMEOUT);
  const onLine = (line: string) => {
    if (KVM_FAILURE.test(line)) stop.abort();
  };
  try {
    const { exitCode, stdout, stderr } = await attempt({
      argv: probeArgv(kernel),
      onLine,
      signal: stop.signal,
    });
    return probeSucceeded(exitCode, `${stdout}\n${stderr}`);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function recall(file: string): Promise<Accelerator | undefined> {
  try {
    const known = JSON.parse(await readFile(file, "utf8")) as { bootId: string; accelerator: Accelerator };
    return known.bootId === bootId() ? known.accelerator : undefined;
  } catch {
    return undefined;
  }
}
