import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { seedFiles, seedIsoArgv, type Seed } from "../../compute/local/seed.js";
import { run } from "../process.js";
import { hasTool, requireTools } from "./tools.js";

/** The program that writes the disk's file system. */
export async function isoProgram(): Promise<"xorriso" | "genisoimage"> {
  return (await hasTool("xorriso")) ? "xorriso" : "genisoimage";
}

/** Writes the NoCloud disk, readable only by its owner: user-data may contain secrets. */
export async function writeSeedIso(seed: Seed, iso: string): Promise<void> {
  const program = await isoProgram();
  if (program === "genisoimage") await requireTools("genisoimage");
  const folder = await mkdtemp(join(dirname(iso), ".seed-"));
  try {
    for (const [name, content] of Object.entries(seedFiles(seed)))
      await writeFile(join(folder, name), content);
    await writeFile(iso, "", { mode: 0o600 });
    await run({ argv: seedIsoArgv(program, folder, iso) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
