import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../process.js";
import { withLock } from "./lock.js";
import { requireTools } from "./tools.js";

export interface SshKey {
  /** The private key's file, mode 0600. */
  file: string;
  /** One line in the form of authorized_keys. */
  publicKey: string;
}

/** The ed25519 key of a fleet, made if it does not exist. Names of VMs never begin with a dot, so its folder can be `.ssh`. */
export async function ensureSshKey(folder: string, comment: string): Promise<SshKey> {
  await requireTools("ssh-keygen");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "id_ed25519");
  return withLock(
    join(folder, "lock"),
    async () => {
      const found = await publicKeyOf(file);
      if (found !== undefined) return { file, publicKey: found };
      await run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file] });
      return { file, publicKey: (await publicKeyOf(file)) ?? "" };
    },
    () => undefined,
  );
}

async function publicKeyOf(file: string): Promise<string | undefined> {
  return readFile(`${file}.pub`, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}
