import { join } from "node:path";
import { entryName } from "../../src/compute/local/cache-key.js";
import { baseSpec } from "../../src/compute/local/base-spec.js";
import { debianPackages } from "../../src/do/debian-packages.js";
import { cached } from "../../src/do/local/cache.js";
import { hostPaths } from "../../src/do/local/paths.js";
import { run } from "../../src/do/process.js";

/** Other Debian releases than this machine's, for their Kamailio: 6.0 and 6.1. */
export type Suite = "trixie" | "unstable";

/** Packages that a proxy and its scripts need. */
const { network, proxies } = debianPackages;
export const ofProxies = [...network, ...proxies, "ca-certificates", "curl", "postgresql-client"];

/**
 * The tree of a release with some packages, as a folder in the cache; by default with Kamailio and rtpengine, as root for a NativeProxy.
 * Unstable changes, and its mirrors may be late: a cached tree is used until the cache is cleared, and an expired index is accepted.
 */
export async function releaseTree(suite: Suite, wanted: readonly string[] = ofProxies): Promise<string> {
  const packages = [...wanted].sort();
  const say = (line: string) => void process.stderr.write(`${suite}: ${line}\n`);
  const make = async (product: string) => {
    say(`making a chroot with ${packages.join(" ")}`);
    const options = [
      ...["--variant=apt", "--format=directory", `--include=${packages.join(",")}`],
      '--aptopt=Acquire::Check-Valid-Until "false"',
    ];
    const argv = ["mmdebstrap", ...options, suite, join(product, "tree"), baseSpec().mirror] as const;
    await run({ argv: [...argv], timeout: 900_000 });
  };
  const name = entryName(suite, packages, null);
  return join(
    (await cached(join(hostPaths().cache, "release"), name, make, { info: say, warn: say })).folder,
    "tree",
  );
}
