import { describe, expect, it } from "vitest";
import { parseRelease } from "../../../src/compute/local/archive-release.js";
import { aptSources, baseSpec, suitesOf } from "../../../src/compute/local/base-spec.js";
import { grubMkimageArgv, mke2fsArgv, partitionTable } from "../../../src/compute/local/disk-layout.js";
import { bootstrapBaseArgv, bootstrapChrootArgv } from "../../../src/compute/local/mmdebstrap.js";
import { UserError } from "../../../src/errors.js";

describe("the base's description", () => {
  it("is Debian 13 from Debian's own mirrors", () => {
    expect(suitesOf(baseSpec()).map((suite) => `${suite.mirror} ${suite.name}`)).toEqual([
      "http://deb.debian.org/debian trixie",
      "http://deb.debian.org/debian trixie-updates",
      "http://deb.debian.org/debian-security trixie-security",
    ]);
  });

  it("can name a site's mirror, and no security mirror", () => {
    const spec = baseSpec({
      release: "debian-12",
      mirror: "http://mirror.example/debian/",
      securityMirror: null,
    });
    expect(aptSources(suitesOf(spec).slice(0, 1))).toMatchInlineSnapshot(`
      "Types: deb
      URIs: http://mirror.example/debian
      Suites: bookworm
      Components: main
      Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
      "
    `);
    expect(suitesOf(spec).map((suite) => suite.name)).toEqual(["bookworm", "bookworm-updates"]);
  });

  it("is the same whatever the order of the packages", () => {
    expect(baseSpec({ packages: ["b", "a", "b"] })).toEqual(baseSpec({ packages: ["a", "b"] }));
  });
});

describe("mmdebstrap's arguments", () => {
  it("name the packages once, sorted, and the suite, the tar file and the sources at the end", () => {
    const argv = bootstrapBaseArgv(baseSpec({ packages: ["tcpdump", "sudo"] }), "/tmp/tree.tar");
    const include =
      argv
        .find((arg) => arg.startsWith("--include="))
        ?.slice("--include=".length)
        .split(",") ?? [];
    expect(include).toEqual([...new Set(include)].sort());
    expect(include).toContain("tcpdump");
    expect(argv.slice(-3)).toEqual(["trixie", "/tmp/tree.tar", "debian.sources"]);
    expect(argv.at(-4)).toBe('--customize-hook=sh seal "$1"');
  });

  it("leave the kernel out of a chroot", () => {
    const argv = bootstrapChrootArgv(baseSpec({ release: "debian-12" }), ["gcc"], "/tmp/tree.tar");
    expect(argv).toContain("--include=gcc");
    expect(argv.join(" ")).not.toContain("linux-image");
  });
});

describe("the disk's layout", () => {
  it("is one bootable partition from 1 MiB to the end", () => {
    expect(partitionTable("0a1b2c3d")).toBe(
      "label: dos\nlabel-id: 0x0a1b2c3d\nunit: sectors\nstart=2048, type=83, bootable\n",
    );
  });

  it("fills the partition with a filesystem that Debian 12's GRUB can read", () => {
    const uuid = "00000000-0000-8000-8000-000000000000";
    const argv = mke2fsArgv({
      tree: "/tree",
      disk: "/disk.raw",
      uuid,
      label: "sip-root",
      start: 2048,
      kibibytes: 4193280,
    });
    expect(argv.at(-1)).toBe(`${4095 * 1024}k`);
    expect(argv).toContain("^metadata_csum_seed,^orphan_file");
    expect(argv.join(" ")).toContain("offset=1048576");
  });

  it("lets GRUB read from the disk that it was booted from", () => {
    expect(grubMkimageArgv("/core.img")).toContain("(,msdos1)/boot/grub");
  });
});

describe("an InRelease file", () => {
  const text = (digest: string) => `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Suite: stable
Date: Sat, 21 Nov 2026 09:15:44 UTC
MD5Sum:
 4732da192911c0078099ac4a97b71322 56634892 main/binary-amd64/Packages
SHA256:
 ${"c".repeat(64)} 1234 main/binary-amd64/Packages.xz
 ${digest} 56634892 main/binary-amd64/Packages
`;

  it("tells when the suite was made, and the digest of its package index", () => {
    const digest = "2e".repeat(32);
    expect(parseRelease(text(digest), "trixie")).toEqual({
      suite: "trixie",
      epoch: Date.UTC(2026, 10, 21, 9, 15, 44) / 1000,
      packagesDigest: digest,
    });
  });

  it("is refused when it is something else, such as a proxy's page", () => {
    expect(() => parseRelease("<html>Please log in</html>", "trixie")).toThrow(UserError);
    expect(() => parseRelease(text("too short"), "trixie")).toThrow("has no date or no package index");
  });
});
