import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.js";
import type { Image } from "../understand/fleet.js";
import { packageRoot } from "./assets.js";
import { attempt } from "./process.js";

const rule = join(packageRoot, "packer/self-signature.awk");

/**
 * Throws UserError if the base's apt would refuse the key of a repository: apt in Debian 13 refuses keys whose self-signatures use only
 * SHA-1. Needs gpg; without gpg, apt reports the error during the bake.
 */
export async function refuseWeakKeys({ base, repositories }: Image, fleetFile: string): Promise<void> {
  if (base === "debian-12") return;
  for (const [name, { key }] of Object.entries(repositories)) {
    const id = await weakKey(resolve(dirname(fleetFile), key));
    if (id === undefined) continue;
    throw new UserError(
      `image.repositories.${name}: the self-signatures of key ${id} in ${key} use SHA-1 only, which apt in Debian 13 has rejected since February 2026`,
      {
        hint: "get a new copy of the key from the repository's owner (sq inspect, gpg --list-packets: digest algo 2 is SHA-1)",
      },
    );
  }
}

/** The id of a key without a valid self-signature. */
async function weakKey(file: string): Promise<string | undefined> {
  const home = await mkdtemp(join(tmpdir(), "sip-proxy-keys-"));
  try {
    const list =
      'command -v gpg >/dev/null || exit 0; gpg --batch --homedir "$1" --list-packets "$2" | awk -f "$3"';
    const { exitCode, stdout } = await attempt({ argv: ["sh", "-c", list, "keys", home, file, rule] });
    return exitCode === 0 ? undefined : stdout;
  } finally {
    await rm(home, { recursive: true });
  }
}
