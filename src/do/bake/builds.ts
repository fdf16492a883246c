import { join } from "node:path";
import { softwareOf, type SourceName } from "../../compute/image/pinned-sources.js";
import type { BaseSpec } from "../../compute/local/base-spec.js";
import { packageRoot } from "../assets.js";
import { buildInChroot, type BuildOptions } from "../local/chroot.js";
import type { SourceArchive } from "./sources.js";

/** Builds software natively, in a chroot of the image's Debian release; in an emulated guest it would take many times as long. */
export async function buildNatively(
  name: SourceName,
  source: SourceArchive,
  base: BaseSpec,
  options: BuildOptions,
): Promise<string> {
  const output = `${name}-built.tar.gz`;
  const { files } = await buildInChroot(
    {
      label: name,
      base,
      packages: softwareOf(name).buildPackages,
      script: `bash "$INPUTS/build-${name}.sh" "$INPUTS/source.tar.gz" "$OUTPUTS/${output}"`,
      // only the files that the build needs: then a cached build stays valid if other scripts change
      inputs: { ...scripts(`build-${name}.sh`, "common.sh"), "source.tar.gz": source.file },
      outputs: [output],
    },
    options,
  );
  return files[output] ?? "";
}

function scripts(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, join(packageRoot, "packer", name)]));
}
