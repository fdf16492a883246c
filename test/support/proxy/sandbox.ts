import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Artefact } from "../../../src/compute/artefact.js";
import { start, type Command } from "../../../src/do/process.js";
import { writeFiles } from "../../../src/do/write-files.js";
import { inNamespace, type Argv } from "../../../src/lab/network.js";

export interface SandboxOptions {
  /** Its network namespace; default: this machine's. */
  namespace?: string;
  /** Files that replace those of the root; paths are relative to /. */
  files: readonly Artefact[];
  /** The lower root: this machine's, or the folder of a chroot. */
  root?: string;
}

/** The first process of the namespaces. $1: the sandbox's folder, which contains `rootfs`; $2: the lower root. */
const setUp = `
set -e
mount --make-rprivate /
mkdir "$1/layers"
mount -t tmpfs tmpfs "$1/layers"
mkdir "$1/layers/upper" "$1/layers/work" "$1/layers/merged"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/layers/upper,workdir=$1/layers/work" "$1/layers/merged"
# what a proxy on this machine has left is not this host's
rm -rf "$1/layers/merged/etc/sip-proxy" "$1/layers/merged/var/lib/sip-proxy"
cp -a --remove-destination --no-preserve=ownership "$1/rootfs/." "$1/layers/merged/"
cd "$1/layers/merged"
mount -t proc proc proc
mount --rbind /dev dev
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
# said from inside: whoever enters before the chroot finds this machine's root
exec chroot . sh -c 'echo up; exec sleep infinity'
`;

/**
 * A host without a virtual machine: a copy-on-write view of a root file system, in separate network and process namespaces. Programs
 * see their real paths, and nothing outside changes. It ends with all its processes.
 */
export class Sandbox {
  private constructor(
    private readonly holder: ChildProcess,
    private readonly init: number,
    private readonly folder: string,
  ) {}

  static async create({ namespace, files, root = "/" }: SandboxOptions): Promise<Sandbox> {
    const folder = await mkdtemp(join(tmpdir(), "sandbox-"));
    await writeFiles(join(folder, "rootfs"), files);
    const shell = ["bash", "-c", setUp, "sandbox", folder, root];
    const apart: Argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", ...shell];
    const holder = start(
      { argv: namespace === undefined ? apart : inNamespace(namespace, apart) },
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await untilUp(holder);
    return new Sandbox(holder, await onlyChild(holder.pid), folder);
  }

  /** The argv that runs a program in the sandbox. */
  enter(argv: readonly string[]): Argv {
    const into = ["--mount", "--net", "--pid", "--root", "--wdns=/"];
    return ["nsenter", "--target", String(this.init), ...into, "--", ...argv];
  }

  /** A command as it is run in the sandbox. */
  command(command: Command): Command {
    return { ...command, argv: this.enter(command.argv) };
  }

  /** Kills all its processes, and removes it. */
  async remove(): Promise<void> {
    if (this.holder.exitCode === null && this.holder.signalCode === null) {
      const gone = once(this.holder, "exit");
      this.holder.kill("SIGKILL");
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function untilUp(holder: ChildProcess): Promise<void> {
  if (!holder.stdout) throw new Error("the sandbox has no output");
  for await (const line of createInterface({ input: holder.stdout })) if (line === "up") return;
  throw new Error("the sandbox did not start");
}

/** `unshare --fork` waits for one child: the first process inside. */
async function onlyChild(pid: number | undefined): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return Number(children.trim());
}
