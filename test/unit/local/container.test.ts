import { describe, expect, it } from "vitest";
import {
  cgroupsOf,
  containerArgv,
  isContainerProcess,
  type Container,
} from "../../../src/compute/local/container.js";

const container: Container = {
  engine: "container",
  name: "sipproxy0",
  id: "sp-0123456789",
  disk: "/cache/disk.raw",
  folder: "/state/a:b,c",
  seed: "/state/a:b,c/seed",
  console: "/state/a:b,c/console.log",
  pidfile: "/state/a:b,c/pid",
  namespace: "sp-0123456789",
};
const own = containerArgv(container, { systemd: false });

describe("a container's command", () => {
  it("boots the tree in its own network, with its seed, and nothing of this machine's", () => {
    expect(own.slice(own.indexOf("systemd-nspawn"))).toMatchInlineSnapshot(`
      [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        "--directory=root",
        "--machine=sp-0123456789",
        "--hostname=sipproxy0",
        "--register=no",
        "--keep-unit",
        "--settings=no",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--capability=CAP_NET_ADMIN",
        "--console=read-only",
        "--bind-ro=/state/a\\:b,c/seed:/var/lib/cloud/seed/nocloud",
        "systemd.mask=systemd-remount-fs.service",
        "systemd.mask=console-getty.service",
      ]
    `);
  });

  it("enters the network namespace before it mounts", () => {
    expect(own.indexOf("--net=/run/netns/sp-0123456789")).toBeLessThan(own.indexOf("unshare"));
  });

  it("keeps a folder's name out of the scripts and out of overlayfs' options", () => {
    expect(own.filter((word) => word.includes("b,c"))).toEqual([
      "/state/a:b,c/pid",
      "/state/a:b,c",
      "--bind-ro=/state/a\\:b,c/seed:/var/lib/cloud/seed/nocloud",
    ]);
  });

  it("makes a cgroup of its own, or has systemd make one", () => {
    const script = (argv: readonly string[]) => argv[2] ?? "";
    expect(script(own)).toContain('mkdir -p "$hierarchy/$id"');
    expect(script(containerArgv(container, { systemd: true }))).toContain(
      'systemd-run --quiet --scope --collect --slice=machine.slice --property=Delegate=yes --unit="$id"',
    );
    expect(cgroupsOf("sp-1")).toContain("/sys/fs/cgroup/machine.slice/sp-1.scope");
    expect(cgroupsOf("sp-1")).toContain("/sys/fs/cgroup/unified/sp-1");
  });

  it("hands arguments to the guest's init last", () => {
    const argv = containerArgv(container, { systemd: false, initArgs: ["systemd.unit=poweroff.target"] });
    expect(argv.at(-1)).toBe("systemd.unit=poweroff.target");
  });

  it("tells its process from another container's", () => {
    expect(isContainerProcess(container, own)).toBe(true);
    expect(isContainerProcess({ ...container, id: "sp-1" }, own)).toBe(false);
  });
});
