import { writeFile } from "node:fs/promises";
import type { ImageContents } from "../../../src/compute/image/contents.js";

/** The output of verify.sh on a builder: the emulator's builders run nothing. */
export function contents(parts: Partial<ImageContents> = {}): ImageContents {
  return {
    os: "Debian GNU/Linux 13 (trixie)",
    kernel: "6.12.117+deb13-cloud-amd64",
    kamailio: "6.0.1",
    mediaRelay: "rtpengine",
    mediaRelayVersion: "12.5.1.26-1",
    cloudInit: "25.1.4-1+deb13u1",
    usedKiB: 496_496,
    sbom: `sha256:${"b".repeat(64)}`,
    checksums: { "/usr/sbin/kamailio": `sha256:${"a".repeat(64)}` },
    packages: { kamailio: "6.0.1-1", libssl3t64: "3.5.1-1", socat: "1.8.0.3-1" },
    ...parts,
  };
}

/** The contents of the next bake's image (see bin/packer). */
export async function nextContents(
  env: Record<string, string>,
  parts: Partial<ImageContents> = {},
): Promise<void> {
  const made = contents(parts);
  const file = env["EMULATED_CONTENTS"] ?? "";
  await writeFile(file, JSON.stringify(made));
  const lines = Object.entries(made.packages).map(
    ([name, version]) => `package\t${name}\t${version}\t${made.architecture ?? "amd64"}\t${name}\n`,
  );
  await writeFile(`${file}.packages`, lines.join(""));
}
