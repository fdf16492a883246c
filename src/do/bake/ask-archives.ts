import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readPolicies, type Policy } from "../../compute/image/apt-policy.js";
import { architectureOfLock, type ImageLock } from "../../compute/image/lock.js";
import { lockedSources, type Mirrors } from "../../compute/image/locked-archives.js";
import { UserError } from "../../errors.js";
import { architectures, isArchitecture, type Architecture } from "../../understand/settings/architecture.js";
import { run } from "../process.js";
import { withTemporaryFolder } from "../temporary-folder.js";
import { writeFiles } from "../write-files.js";

/**
 * The versions that the archives of an image offer now, as apt selects them if the locked packages are installed. apt runs in a
 * separate folder: this needs no root, and does not change this machine. Throws UserError if an archive cannot be read.
 */
export function askArchives(lock: ImageLock, mirrors: Mirrors, parent: string): Promise<Map<string, Policy>> {
  const architecture = architectureOfLock(lock);
  if (!isArchitecture(architecture))
    throw new UserError(
      `the lock file is of an image for ${architecture}; there are images for ${architectures.join(" and ")}`,
    );
  return withTemporaryFolder(parent, async (root) => {
    for (const folder of [
      "state/lists/partial",
      "cache/archives/partial",
      "etc/preferences.d",
      "etc/apt.conf.d",
    ])
      await mkdir(join(root, folder), { recursive: true });
    const { sources, keys } = lockedSources(lock, mirrors, join(root, "etc"));
    await writeFiles(root, [
      ...keys.map((key) => ({ ...key, path: `etc/${key.path}` })),
      { path: "etc/sources.list.d/locked.sources", content: sources },
      { path: "status", content: statusOf(lock) },
      { path: "apt.conf", content: configuration(root, architecture) },
    ]);
    const env = { APT_CONFIG: join(root, "apt.conf"), LC_ALL: "C" };
    const update = ["apt-get", "update", "-qq", "-o", "APT::Update::Error-Mode=any"] as const;
    const hint = "the package archives of the image's lock file could not be read; see apt's messages above";
    await run({ argv: update, env, hint, timeout: 600_000 });
    const names = Object.keys(lock.packages);
    const { stdout } = await run({ argv: ["apt-cache", "policy", ...names], env, timeout: 120_000 });
    if (stdout === "") throw new UserError("apt finds none of the image's packages");
    return readPolicies(stdout);
  });
}

/** An apt configuration with which apt reads and writes only below `root`; apt.conf(5). */
function configuration(root: string, architecture: Architecture): string {
  const settings = {
    Dir: root,
    "Dir::Etc": join(root, "etc"),
    "Dir::State": join(root, "state"),
    "Dir::State::status": join(root, "status"),
    "Dir::Cache": join(root, "cache"),
    "APT::Architecture": architecture,
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name} "${value}";\n`)
    .join("")}#clear APT::Architectures;\nAPT::Architectures { "${architecture}"; };\n`;
}

/** The packages in the form of dpkg's status file, with the fields that apt needs. */
function statusOf({ packages }: ImageLock): string {
  return Object.entries(packages)
    .map(([name, { version, architecture }]) =>
      [
        `Package: ${name}`,
        "Status: install ok installed",
        "Maintainer: none",
        `Architecture: ${architecture}`,
        `Version: ${version}`,
        "Description: -",
        "",
      ].join("\n"),
    )
    .join("\n");
}
