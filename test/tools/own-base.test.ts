import { createReadStream, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureCloudImage } from "../../src/do/local/cloud-image.js";
import { fileDigest } from "../../src/do/local/content-digest.js";
import { run } from "../../src/do/process.js";
import type { CloudImage } from "../../src/understand/settings/base.js";
import { cloudImage, makeCloudImage } from "../support/cloud-image.js";

// Checks and conversion of a user's own base image before a bake.

const folder = mkdtempSync(join(tmpdir(), "own base "));
const cache = join(folder, "cache");
let image: string;
let sha256: string;
let server: Server;
let asked = 0;
const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  image = await makeCloudImage(join(folder, "an image; $(touch x)"), { diskMiB: 300 });
  sha256 = await fileDigest(image);
  server = createServer((request, response) => {
    asked += 1;
    if (request.url?.startsWith("/gone")) return response.writeHead(404).end();
    if (request.url?.startsWith("/page")) return response.end("<!DOCTYPE html>".padEnd(1000));
    // announces more bytes than it sends
    if (request.url?.startsWith("/broken")) {
      response.writeHead(200, { "content-length": "9000000" });
      createReadStream(image, { end: 100_000 })
        .on("end", () => response.destroy())
        .pipe(response, { end: false });
      return;
    }
    return createReadStream(image).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const ensure = (base: CloudImage) => ensureCloudImage(base, folder, { cache });
/** Images in the cache. */
const kept = () => {
  try {
    return readdirSync(join(cache, "own")).filter((name) => !name.includes(".lock"));
  } catch {
    return [];
  }
};
/** Returns the error for a refused image; checks that the cache does not keep it. */
async function refused(base: CloudImage): Promise<string> {
  const before = kept();
  const error = await ensure(base).then(
    () => new Error("it was taken"),
    (reason: unknown) => reason as Error & { hint?: string },
  );
  expect(kept()).toEqual(before);
  return `${error.message}\n${"hint" in error ? error.hint : ""}`;
}
const other = (name: string, files: Record<string, string>) =>
  makeCloudImage(join(folder, name), { diskMiB: 300, files });

describe("from a URL", () => {
  const at = (path: string, sum = sha256) => ensure({ url: `${address()}${path}`, sha256: sum });

  test.each([
    ["/gone", /image\.base: http\S+\/gone answers HTTP 404\n.*path:/],
    ["/page?token=secret", /the download from http\S+\/page\?… is not a qcow2 image\n/],
    ["/broken", /cannot be fetched, after 0\.\d MiB: .+\n.*path:/],
  ])("%s is told, with another way", async (path, told) => {
    const report = await refused({ url: `${address()}${path}`, sha256 });
    expect(report).toMatch(told);
    expect(report).not.toContain("secret");
  });

  test("another checksum is told with both", async () => {
    const report = await refused({ url: `${address()}/image`, sha256: "a".repeat(64) });
    expect(report).toMatch(new RegExp(`does not match the checksum.*\n.*aaaa.*${sha256}`));
  });

  test("nobody who answers", async () => {
    expect(await refused({ url: "http://127.0.0.1:9/image", sha256 })).toMatch(/cannot be fetched: \S+/);
  });

  test("it is fetched once, and looked at", async () => {
    const found = await at("/latest/image.qcow2");
    expect(found).toMatchObject({
      sha256,
      about: { release: "debian-13", diskMiB: 300, root: { uuid: cloudImage.filesystem, label: "" } },
    });
    expect(await fileDigest(found.disk)).toBe(sha256);
    const before = asked;
    await at("/elsewhere/image.qcow2");
    expect(asked).toBe(before);
  });
});

describe("from a path", () => {
  test("relative to the fleet file, whatever its name; it stays as it is", async () => {
    const { disk } = await ensure({ path: join(basename(join(image, "..")), basename(image)) });
    expect(disk.startsWith(cache)).toBe(true);
    expect(await fileDigest(image)).toBe(sha256);
    expect(readdirSync(folder)).not.toContain("x");
  });

  test.each([
    ["nowhere", /there is no .*nowhere\n.*relative to the fleet file/],
    [".", /is no file/],
    ["raw", /raw is not a qcow2 image\n.*qemu-img convert/],
    ["overlay", /overlay is a qcow2 image with a backing file\n/],
    ["cut", /qemu-img failed|damaged|has no /],
    ["empty", /empty has no partition 1/],
  ])("%s is refused", async (name, told) => {
    writeFileSync(join(folder, "raw"), Buffer.alloc(1000));
    const create = ["qemu-img", "create", "-q", "-f", "qcow2"] as const;
    await run({ argv: [...create, "-b", image, "-F", "qcow2", join(folder, "overlay")] });
    await run({ argv: [...create, join(folder, "empty"), "10M"] });
    await run({ argv: ["cp", image, join(folder, "cut")] });
    truncateSync(join(folder, "cut"), 70_000);
    expect(await refused({ path: name })).toMatch(told);
  });

  test("another system, an older release, another architecture, no cloud-init: named, with what to use", async () => {
    const osRelease = (text: string) => ({ "usr/lib/os-release": text });
    const ubuntu = await other(
      "ubuntu",
      osRelease('PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nVERSION_ID="24.04"\n'),
    );
    expect(await refused({ path: ubuntu })).toMatch(
      /contains Ubuntu 24\.04; it must be Debian 12 or 13\n.*genericcloud/,
    );
    const old = await other("old", osRelease('PRETTY_NAME="Debian 11"\nID=debian\nVERSION_ID="11"\n'));
    expect(await refused({ path: old })).toContain("contains Debian 11");
    const arm = await other("arm", {
      "var/lib/dpkg/status": "Package: dpkg\nStatus: install ok installed\nArchitecture: arm64\n",
    });
    expect(await refused({ path: arm })).toContain("for arm64; it must be for amd64");
    const bare = await other("bare", {
      "var/lib/dpkg/status": "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\n",
    });
    expect(await refused({ path: bare })).toMatch(/does not have cloud-init, .*\n.*add the packages/);
  });
});

describe("GRUB's menu", () => {
  const menu = (text: string, ...kernels: string[]) => {
    const root = mkdtempSync(join(folder, "root-"));
    return run({
      argv: [
        "bash",
        "-ec",
        'mkdir -p "$1/boot/grub"; printf "%s" "$3" >"$1/boot/grub/grub.cfg"; for k in $4; do touch "$1/boot/vmlinuz-$k"; done; bash "$2" "$1"; cat "$1/boot/grub/grub.cfg"',
        "menu",
        root,
        join(import.meta.dirname, "../../packer/boot-menu.sh"),
        text,
        kernels.join(" "),
      ],
    }).then(({ stdout }) => stdout);
  };
  const entry = (kernel: string) =>
    `menuentry 'Debian ${kernel}' {\n linux /boot/vmlinuz-${kernel} root=X ro\n initrd /boot/initrd.img-${kernel}\n}`;

  test("names the kernel that came for one that is gone, or older; and is left alone else", async () => {
    const [old, late] = ["6.12.9+deb13-cloud-amd64", "6.12.10+deb13-cloud-amd64"];
    expect(await menu(entry(old), late)).toBe(entry(late));
    expect(await menu(entry(old), old, late)).toBe(entry(late));
    expect(await menu(entry(late) + entry(old), old, late)).toBe(entry(late) + entry(old));
    const link = "linux /vmlinuz root=LABEL=x ro\ninitrd /initrd.img";
    expect(await menu(link, late)).toBe(link);
  });
});
