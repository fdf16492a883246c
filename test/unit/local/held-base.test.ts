import { expect, test } from "vitest";
import { BASE_PACKAGES, baseSpec, type BaseSpec } from "../../../src/compute/local/base-spec.js";
import { entryFolder, entryName } from "../../../src/compute/local/cache-key.js";
import { BASE_FILES } from "../../../src/compute/local/disk-layout.js";
import { SEAL } from "../../../src/compute/local/mmdebstrap.js";
import { idOf } from "../../../src/targets/local/do/base.js";

// The name that a locked bake gives to a base that had to be built again.

const preferences = "Package: apt\nPin: version 3.0\n";
const made = "debian-13-0123456789ab-0123456789ab";

/** The key of a tree from this recipe, with some parts replaced. */
function keyOf(parts: object = {}): string {
  const { release, mirror, securityMirror } = baseSpec();
  const recipe = { release, mirror, securityMirror, packages: BASE_PACKAGES, files: BASE_FILES, seal: SEAL };
  return entryFolder(entryName(release, { ...recipe, ...parts }, "a former state of the archives"));
}

const held = (base: string, more: Partial<BaseSpec> = {}) =>
  baseSpec({ ...more, held: { base, preferences } });

test("made alike, it is the base of the lock file, which was locked itself or not", () => {
  for (const parts of [{}, { preferences }]) expect(idOf(made, held(keyOf(parts)))).toBe(keyOf(parts));
});

test.each([
  ["of another release of sip-proxy, with other files", keyOf({ files: {} }), {}],
  ["with further packages", keyOf({ packages: ["apt"] }), {}],
  ["from another mirror", keyOf(), { mirror: "http://mirror.example/debian" }],
  ["locked to other packages", keyOf({ preferences: "" }), {}],
  ["of another release of Debian", keyOf({ release: "debian-12" }), {}],
])("%s, it is another one", (_, base, more) => expect(idOf(made, held(base, more))).toBe(made));

test("without a lock file it has its own name", () => expect(idOf(made, baseSpec())).toBe(made));
