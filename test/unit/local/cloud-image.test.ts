import { describe, expect, test } from "vitest";
import {
  newestKernel,
  readFilesystem,
  readPartition,
  readSystem,
} from "../../../src/compute/local/cloud-image.js";
import { readQcow2Header } from "../../../src/compute/local/qcow2.js";
import { baseName } from "../../../src/understand/settings/base.js";

/** The header of a qcow2 image of 3 GiB. */
function header(change: (bytes: Buffer) => unknown = () => undefined): Buffer {
  const bytes = Buffer.alloc(104);
  bytes.write("QFI\xfb", 0, "latin1");
  bytes.writeUInt32BE(3, 4);
  bytes.writeBigUInt64BE(3n * 2n ** 30n, 24);
  change(bytes);
  return bytes;
}

describe("a qcow2's header", () => {
  test("tells the size of the disk", () => {
    expect(readQcow2Header(header())).toEqual({ bytes: 3 * 2 ** 30 });
  });

  test.each([
    ["is not a qcow2 image", Buffer.from("<!DOCTYPE html>".padEnd(200))],
    ["is not a qcow2 image", Buffer.from("QFI\xfb", "latin1")],
    ["is a qcow2 image of version 1", header((bytes) => bytes.writeUInt32BE(1, 4))],
    ["with a backing file", header((bytes) => bytes.writeBigUInt64BE(104n, 8))],
    ["encrypted", header((bytes) => bytes.writeUInt32BE(2, 32))],
    ["its data in another file", header((bytes) => bytes.writeBigUInt64BE(4n, 72))],
    ["was not closed", header((bytes) => bytes.writeBigUInt64BE(1n, 72))],
  ])("tells that a file %s", (fault, bytes) => {
    expect(readQcow2Header(bytes)).toEqual({ fault: expect.stringContaining(fault) as string });
  });
});

describe("what a disk holds", () => {
  test("its root partition, by partx; a filesystem, by dumpe2fs; kernels, by debugfs", () => {
    expect(readPartition("262144 6029279\n")).toEqual({ start: 262144, sectors: 6029279 });
    expect(readPartition("")).toBeUndefined();
    const uuid = "6f6a2f3e-8a51-4c1e-9a55-3f0a5f0c9d21";
    const text = `Filesystem volume name:   <none>\nFilesystem UUID:          ${uuid}\nFilesystem created:       Sat Nov 28 10:11:12 2026\n`;
    expect(readFilesystem(text)).toEqual({
      uuid,
      label: "",
      epoch: Date.UTC(2026, 10, 28, 10, 11, 12) / 1000,
    });
    expect(readFilesystem("")).toBeUndefined();
    const listing =
      "/2/040755/0/0/.//\n/14/100644/0/0/vmlinuz-6.12.9-amd64/9/\n/15/100644/0/0/vmlinuz-6.12.10-amd64/9/\n";
    expect(newestKernel(listing)).toBe("vmlinuz-6.12.10-amd64");
    expect(newestKernel("/2/040755/0/0/.//\n")).toBeUndefined();
  });

  const osRelease = (id: string, version: string) =>
    `PRETTY_NAME="The ${id} ${version}"\nID=${id}\nVERSION_ID="${version}"\n`;
  const package_ = (name: string, architecture = "amd64", status = "install ok installed") =>
    `Package: ${name}\nStatus: ${status}\nArchitecture: ${architecture}\nDescription: x\n more\n`;
  const needed = ["cloud-init", "openssh-server", "sudo", "systemd-resolved", "systemd-sysv"];
  const status = (...names: string[]) => [...names, ...needed].map((name) => package_(name)).join("\n");

  test("Debian 12 and 13 for amd64, with what a bake needs", () => {
    expect(readSystem(osRelease("debian", "13"), status("dpkg"))).toEqual({ release: "debian-13" });
    expect(readSystem(osRelease("debian", "12"), status("dpkg"))).toEqual({ release: "debian-12" });
  });

  test.each([
    ["The ubuntu 24.04", osRelease("ubuntu", "24.04"), status("dpkg")],
    ["The debian 11", osRelease("debian", "11"), status("dpkg")],
    ["Debian GNU/Linux forky/sid", 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\n', status("dpkg")],
    ["without /usr/lib/os-release", "", ""],
    ["for arm64", osRelease("debian", "13"), `${package_("dpkg", "arm64")}\n${status()}`],
    ["for an unknown architecture", osRelease("debian", "13"), status()],
    ["have cloud-init, openssh", osRelease("debian", "13"), package_("dpkg")],
    [
      "not have sudo",
      osRelease("debian", "13"),
      `${status("dpkg").replace(package_("sudo"), package_("sudo", "amd64", "deinstall ok config-files"))}`,
    ],
  ])("nothing else: %s", (fault, release, packages) => {
    expect(readSystem(release, packages)).toMatchObject({ fault: expect.stringContaining(fault) as string });
  });
});

test("a base is called by its file's name, and by nothing of a URL that may be secret or harm a line", () => {
  const sha256 = "a".repeat(64);
  expect(baseName("debian-13")).toBe("debian-13");
  expect(baseName({ path: "../images/my base.qcow2" })).toBe("my_base.qcow2");
  expect(baseName({ url: "https://x.example.com/a/b.qcow2?X-Signature=secret", sha256 })).toBe("b.qcow2");
  expect(baseName({ url: "https://x.example.com/", sha256 })).toBe("image");
});
