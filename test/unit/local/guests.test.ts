import { describe, expect, it } from "vitest";
import {
  acceleratorArgs,
  KVM_FAILURE,
  probeArgv,
  probeSucceeded,
} from "../../../src/compute/local/accelerator.js";
import { enterChrootArgv } from "../../../src/compute/local/chroot-build.js";
import { sshArgv } from "../../../src/compute/local/ssh.js";

describe("the accelerator's probe", () => {
  const panic = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)";

  it("boots a kernel under KVM", () => {
    expect(probeArgv("/vmlinuz")).toEqual(expect.arrayContaining([...acceleratorArgs("kvm"), "/vmlinuz"]));
  });

  it("succeeds only when the kernel came as far as it can, and QEMU ended by itself", () => {
    expect(probeSucceeded(0, `Linux version 6.12\n${panic}`)).toBe(true);
    expect(probeSucceeded(1, panic)).toBe(false);
    expect(probeSucceeded(0, "")).toBe(false);
  });

  it.each([
    "KVM internal error. Suberror: 1",
    "error: failed to set MSR 0x38f to 0x7000000ff",
    "Could not access KVM kernel module: Permission denied",
  ])("takes %j for a failure at once", (line) => {
    expect(KVM_FAILURE.test(line)).toBe(true);
    expect(probeSucceeded(0, `${line}\n${panic}`)).toBe(false);
  });
});

describe("ssh into a guest", () => {
  const target = { host: "127.0.0.1", port: 2222, user: "debian", key: "/state/id_ed25519" };

  it("uses nothing of the operator's own and never asks", () => {
    expect(sshArgv(target, "true").join(" ").replaceAll(" -", "\n-")).toMatchInlineSnapshot(`
      "ssh
      -F /dev/null
      -o BatchMode=yes
      -o ConnectTimeout=10
      -o GlobalKnownHostsFile=/dev/null
      -o IdentitiesOnly=yes
      -o IdentityAgent=none
      -o LogLevel=ERROR
      -o ServerAliveInterval=15
      -o StrictHostKeyChecking=no
      -o UserKnownHostsFile=/dev/null
      -i /state/id_ed25519
      -p 2222 debian@127.0.0.1
      -- true"
    `);
  });

  it("goes through the guest's network namespace", () => {
    expect(sshArgv({ ...target, netns: "lab" }, "true").slice(0, 5)).toEqual([
      "ip",
      "netns",
      "exec",
      "lab",
      "ssh",
    ]);
  });
});

describe("a build's chroot", () => {
  it("has no network unless it is asked for", () => {
    expect(enterChrootArgv("/enter", "/tree", "/work", false)).toContain("--net");
    expect(enterChrootArgv("/enter", "/tree", "/work", true)).not.toContain("--net");
  });

  it("ends with whoever started it", () => {
    expect(enterChrootArgv("/enter", "/tree", "/work", false).join(" ")).toMatch(
      /^setpriv --pdeathsig KILL unshare .*--kill-child/,
    );
  });
});
