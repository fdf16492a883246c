import { expect, test } from "vitest";
import { fixedFlaws } from "../../../src/compute/image/fixed-flaws.js";
import type { ImageLock } from "../../../src/compute/image/lock.js";

const resolved = (fixed_version: string) => ({ releases: { trixie: { status: "resolved", fixed_version } } });
const tracker = JSON.stringify({
  linux: { "CVE-2026-10": resolved("6.12.50-1"), "CVE-2026-9": resolved("6.12.40-1") },
  grub2: { "CVE-2026-11": resolved("2.12-9") },
  // not parsed, because no package comes from this source
  other: "of another form",
});

test.each([
  ["linux-image-cloud-amd64", "linux-signed-amd64", "6.12.41-1", "6.12.50-1", ["CVE-2026-10"]],
  ["grub-efi-arm64-bin", "grub2", "2.12-8", "2.12-9", ["CVE-2026-11"]],
])("the flaws of %s, built from %s", (name, source, installed, candidate, flaws) => {
  const lock = { packages: { [name]: { source } } } as unknown as ImageLock;
  const archives = ["http://deb.debian.org/debian-security trixie-security/main"];
  const found = fixedFlaws(tracker, lock, [{ name, installed, candidate, archives, security: true }]);
  expect(found.get(name) ?? []).toEqual(flaws);
});

test("a page is not the tracker's data", () => {
  expect(() => fixedFlaws("[]", { packages: {} } as unknown as ImageLock, [])).toThrow(
    /not the security tracker/,
  );
});
