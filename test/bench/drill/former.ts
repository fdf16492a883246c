import { join } from "node:path";
import { entryName } from "../../../src/compute/local/cache-key.js";
import { packageRoot } from "../../../src/do/assets.js";
import { cached } from "../../../src/do/local/cache.js";
import { hostPaths } from "../../../src/do/local/paths.js";
import { run } from "../../../src/do/process.js";

/** The release before the host firewall, `fleet roll` and `dialog_secret`. */
export const formerCommit = "bf3143b";

/** Returns the command line of an earlier release of this repository: built once, then cached. */
export async function formerRelease(commit: string): Promise<readonly [string, string]> {
  const say = (line: string) => void process.stderr.write(`${commit}: ${line}\n`);
  const build = async (product: string) => {
    say("installing and compiling it");
    const unpack = 'git archive "$1" | tar -x -C "$2" && cd "$2" && node src/setup.mjs >&2';
    const argv = ["bash", "-euo", "pipefail", "-c", unpack, "bash", commit, product] as const;
    await run({ argv, cwd: packageRoot, timeout: 900_000 });
  };
  const name = entryName("former", [commit, process.version], null);
  const { folder } = await cached(join(hostPaths().cache, "former"), name, build, { info: say, warn: say });
  return [process.execPath, join(folder, "dist/sip-proxy.js")];
}
