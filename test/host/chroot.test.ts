import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { baseSpec, type DebianRelease } from "../../src/compute/local/base-spec.js";
import { buildInChroot, type ChrootBuild } from "../../src/do/local/chroot.js";

/** SIP_PROXY_TEST_BASE=debian-12 tests the other release. */
const release = (process.env.SIP_PROXY_TEST_BASE ?? "debian-13") as DebianRelease;
const talk = { info: console.info, warn: console.warn };

describe("a build in a chroot of the base", () => {
  const build: ChrootBuild = {
    label: "test",
    base: baseSpec({ release }),
    packages: [],
    script: `
      . /etc/os-release
      { echo "$VERSION_ID"; cat "$INPUTS/words"; cat "$INPUTS/folder/link"; } > "$OUTPUTS/made"
      test -z "$(awk 'NR > 2 && $1 != "lo:"' /proc/net/dev)"
      test ! -e /root/.ssh
    `,
    inputs: {},
    outputs: ["made"],
  };
  let inputs: string;

  beforeAll(async () => {
    inputs = await mkdtemp(join(tmpdir(), "sip-proxy-test-"));
    await mkdir(join(inputs, "folder"));
    await writeFile(join(inputs, "folder", "file"), "in a folder\n");
    await symlink("file", join(inputs, "folder", "link"));
    await writeFile(join(inputs, "words"), `made for ${process.pid}\n`);
    build.inputs = { words: join(inputs, "words"), folder: join(inputs, "folder") };
  });

  afterAll(() => rm(inputs, { recursive: true, force: true }));

  it("runs in the base's release, with its inputs and without a network; the second time it is found", async () => {
    const first = await buildInChroot(build, { talk });
    expect(first.built).toBe(true);
    const text = await readFile(first.files.made ?? "", "utf8");
    expect(text).toBe(`${release.slice("debian-".length)}\nmade for ${process.pid}\nin a folder\n`);
    expect(await buildInChroot(build, { talk })).toEqual({ ...first, built: false });
    await rm(dirname(first.files.made ?? ""), { recursive: true });
  });

  it("reports what the script said when it fails, and leaves nothing", async () => {
    const broken = buildInChroot({ ...build, script: "echo no compiler >&2; exit 3" }, { talk });
    await expect(broken).rejects.toThrow(/exit 3[^]*no compiler/);
  });

  it("fails when the script did not make what it should", async () => {
    await expect(buildInChroot({ ...build, script: "true" }, { talk })).rejects.toThrow("produced no made");
  });
});
