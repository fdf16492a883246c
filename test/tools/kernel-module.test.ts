import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";

// A bake whose kernel module cannot be built. (`npm run kernel-guest` tests a module that can be built.)

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kernel-module-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the bake's functions with a list as installed packages; nothing on this machine changes. */
async function bake(setting: "auto" | "yes", faults: string) {
  const list = join(folder, "packages");
  writeFileSync(list, "kamailio\nrtpengine-daemon\n");
  const script = `
. packer/common.sh
. packer/relays/rtpengine.sh
upload=$1 list=$2 KERNEL_MODULE=$3
rtpengine() { echo --nftables-start; }
installed_packages() { sort "$list"; }
dpkg-query() { echo 12.5.1.31; }
find() { :; }
rm() { echo "rm $*"; }
dkms() { echo "error: no such header"; return 1; }
apt_get() {
	case $1 in
	install) printf '%s\\n' "\${@:3}" gcc >>"$list" ;;
	purge) for package in "\${@:2}"; do sed -i "/^$package\\$/d" "$list"; done ;;
	esac
}
${faults}
install() { echo "installs $*"; }
add_kernel_module 6.12.0-cloud`;
  const { exitCode, stdout, stderr } = await attempt({
    argv: ["bash", "-euo", "pipefail", "-c", script, "bake", folder, list, setting],
    cwd: packageRoot,
    timeout: 60_000,
  });
  return { exitCode, said: stdout + stderr, packages: readFileSync(list, "utf8").trim().split("\n") };
}

const cases = [
  [
    "has no headers",
    "install_packages() { echo gcc >>$list; return 100; }",
    "has no headers of the kernel 6.12.0-cloud",
  ],
  ["does not compile", "", "it does not build"],
  ["is not where DKMS puts it", "dkms() { :; }", "it does not build"],
] as const;

test.each(cases)(
  "a module that %s: the image is made without it, and nothing of the try is left",
  async (_, faults, why) => {
    const { exitCode, said, packages } = await bake("auto", faults);
    expect(said).toContain(`no forwarding in the kernel: `);
    expect(said).toContain(why);
    expect(said).not.toContain("installs");
    expect([exitCode, packages]).toEqual([0, ["kamailio", "rtpengine-daemon"]]);
  },
);

test.each(cases)("a module that %s ends the bake where it must be there", async (_, faults, why) => {
  const { exitCode, said } = await bake("yes", faults);
  expect(exitCode).not.toBe(0);
  expect(said).toContain("BAKE FAILED: kernel_forwarding: ");
  expect(said).toContain(why);
});
