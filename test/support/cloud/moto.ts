import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { baseSpec } from "../../../src/compute/local/base-spec.js";
import { entryName } from "../../../src/compute/local/cache-key.js";
import { isolated } from "../../../src/compute/local/isolation.js";
import { unpack } from "../../../src/do/local/assemble-disk.js";
import { cached } from "../../../src/do/local/cache.js";
import { ensureChroot } from "../../../src/do/local/chroot.js";
import { hostPaths } from "../../../src/do/local/paths.js";
import { freePort } from "../../../src/do/local/ports.js";
import type { Talk } from "../../../src/do/local/talk.js";
import { start } from "../../../src/do/process.js";

/** moto 5.1.1 is in Debian 13; its server needs flask-cors, its CloudFormation the validator, which the package does not depend on. */
export const packages = ["python3-moto", "python3-flask-cors", "python3-openapi-spec-validator"];

/** An AMI that exists from the start, such as a base image. */
export interface KnownAmi {
  ami_id: string;
  name: string;
  owner_id: string;
  description: string;
  architecture: string;
  virtualization_type: string;
  hypervisor: string;
  root_device_type: string;
  root_device_name: string;
  public: boolean;
  creation_date: string;
  image_location: string;
  image_type: string;
  sriov: string;
}

/** Mount point of the tests' moto folder in the chroot. */
const shown = "/mnt";

/** Runs in new namespaces: mounts the folder $2 in the chroot $1, then becomes the server, which ends with this process. */
const enter = `set -eu
mount --bind "$2" "$1${shown}"
mount -t proc proc "$1/proc"
exec chroot "$1" /usr/bin/env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 HOME=/tmp \\
  MOTO_AMIS_PATH=${shown}/amis.json MOTO_ENABLE_AMI_VALIDATION=true MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION=true \\
  MOTO_IAM_LOAD_MANAGED_POLICIES=false /usr/bin/python3 -O -m moto.server -H 127.0.0.1 -p "$3"`;

/** An AWS emulator (EC2, Auto Scaling, SSM and more) on a port of loopback. */
export class Moto {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts it. Makes its chroot first if it is not in the cache (some 20 seconds). */
  static async start(amis: readonly KnownAmi[] = []): Promise<Moto> {
    const tree = await ensureTree();
    const folder = await mkdtemp(join(tmpdir(), "moto-"));
    await writeFile(join(folder, "amis.json"), JSON.stringify(amis));
    const port = await freePort();
    const argv = [...isolated("--mount-proc"), "sh", "-c", enter, "moto", tree, folder, String(port)];
    const child = start({ argv: argv as [string, ...string[]] }, { stdio: ["ignore", "pipe", "pipe"] });
    const moto = new Moto(`http://127.0.0.1:${port}`, folder, child);
    try {
      await moto.answers();
    } catch (error) {
      await moto.stop();
      throw error;
    }
    return moto;
  }

  private async answers(): Promise<void> {
    let log = "";
    this.child.stdout?.on("data", () => undefined);
    this.child.stderr?.on("data", (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
    for (let attempt = 0; attempt < 300; attempt++) {
      if (this.child.exitCode !== null) throw new Error(`moto ended:\n${log}`);
      const up = await fetch(`${this.url}/moto-api/`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (up) return;
      await sleep(100);
    }
    throw new Error(`moto does not answer after 30 s:\n${log}`);
  }

  /** Deletes everything except the AMIs that existed from the start. */
  async reset(): Promise<void> {
    await fetch(`${this.url}/moto-api/reset`, { method: "POST" });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, "exit");
      this.child.kill("SIGKILL");
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

const talk: Talk = {
  info: (line) => void process.stderr.write(`moto: ${line}\n`),
  warn: (line) => void process.stderr.write(`moto: ${line}\n`),
};

/** The chroot's tree, unpacked, in the project's cache; or the one of another release that MOTO_ROOT names. */
async function ensureTree(): Promise<string> {
  const named = process.env["MOTO_ROOT"];
  if (named) return named;
  const { cache } = hostPaths();
  const chroot = await ensureChroot(baseSpec(), packages, { talk });
  const name = entryName("moto", packages, basename(chroot.folder));
  const make = (product: string) => unpack(chroot.tar, join(product, "tree"));
  return join((await cached(join(cache, "moto"), name, make, talk)).folder, "tree");
}
