import { join } from "node:path";
import { runnerImport } from "vite";
import { packageRoot } from "../../src/do/assets.js";
import { run } from "../../src/do/process.js";
import { writeFiles } from "../../src/do/write-files.js";
import type { Artefact } from "../../src/compute/artefact.js";
import { fleetText, reveal, type fleetOf } from "../support/fleets.js";

/** The earlier release of the hosts. */
export const former = "a5fc832";

/** Returns the SQL that writes a fleet file's recorders to the table. */
export type Seed = (fleet: ReturnType<typeof fleetOf>, again?: "skip" | "apply") => string;

export interface FormerRelease {
  /** The folder of the release's host scripts. */
  lib: string;
  seedSql: Seed;
  /** Creates a host's root with the files of its image and user-data. */
  newRoot: (folder: string, parts: Parameters<typeof fleetText>[0]) => Promise<string>;
}

/** Unpacks the release's source into a folder; returns the parts that the bench needs. */
export async function formerRelease(folder: string): Promise<FormerRelease> {
  const unpack = `mkdir "$1" && git archive ${former} | tar -x -C "$1" && ln -s "$PWD/node_modules" "$1/node_modules"`;
  await run({ argv: ["bash", "-euo", "pipefail", "-c", unpack, "bash", folder], cwd: packageRoot });
  const load = async <T>(path: string) =>
    (
      await runnerImport<T>(join(folder, "src", path), {
        root: folder,
        configFile: false,
        logLevel: "error",
      })
    ).module;
  const { seedSql } = await load<{
    seedSql: (fleet: object, templates: object, again?: string) => string;
  }>("compute/dispatcher/seed.ts");
  const { hostTemplates, imageSources } =
    await load<Record<"hostTemplates" | "imageSources", () => object>>("do/assets.ts");
  const { bakedFiles } = await load<{ bakedFiles: (sources: object) => Artefact[] }>(
    "compute/image/baked-files.ts",
  );
  const { understand } = await load<{
    understand: (text: string, file: string) => { fleet?: { hosts: object[] }; faults: object[] };
  }>("understand/understand.ts");
  const { renderHost } = await load<{
    renderHost: (fleet: object, host: object | undefined, secrets: typeof reveal) => { files: Artefact[] };
  }>("commands/render-host.ts");
  return {
    lib: join(folder, "cloud-init/bin"),
    seedSql: (fleet, again) => seedSql(fleet, hostTemplates(), again),
    newRoot: async (root, parts) => {
      const { fleet, faults } = understand(fleetText(parts), "fleet.yaml");
      if (!fleet) throw new Error(`${former} refuses the fleet file: ${JSON.stringify(faults)}`);
      await writeFiles(root, [
        ...bakedFiles(imageSources()),
        ...renderHost(fleet, fleet.hosts[0], reveal).files,
      ]);
      return root;
    },
  };
}
