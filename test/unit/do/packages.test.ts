import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildFolder } from "../../../src/compute/image/build-folder.js";
import { baseSpec } from "../../../src/compute/local/base-spec.js";
import { entryFolder } from "../../../src/compute/local/cache-key.js";
import { loadFleet } from "../../../src/commands/load-fleet.js";
import { imageSources } from "../../../src/do/assets.js";
import { SILENT } from "../../../src/do/local/talk.js";
import type { Ingredients } from "../../../src/targets/local/do/builders.js";
import { layerName } from "../../../src/targets/local/do/packages.js";

const { fleet } = loadFleet(join(import.meta.dirname, "../../golden/small/fleet.yaml"));
const unused = () => Promise.reject(new Error("asked for"));
const given: Ingredients = {
  image: fleet.image,
  spec: baseSpec(),
  base: {
    ...{
      name: "debian-13",
      key: "debian-13-a-b",
      id: "debian-13-a-b",
      label: "debian-13",
      release: "debian-13",
      kernel: "",
    },
    ...{ disk: unused, tree: unused, fill: unused },
  },
  archive: null,
  folder: buildFolder(fleet, imageSources()),
  sources: {},
  dialect: "1.6",
  talk: SILENT,
};
const nameWith = async (change: Partial<Ingredients>) =>
  entryFolder(await layerName({ ...given, ...change }));
const changed = (path: string) => ({
  folder: given.folder.map((file) => (file.path === path ? { ...file, content: "other" } : file)),
});

describe("installed packages are taken again", () => {
  test.each([
    "packer/install-files.sh",
    "packer/seal.sh",
    "packer/verify.sh",
    "rootfs/etc/kamailio/kamailio.cfg",
  ])("when %s has changed", async (path) => {
    expect(given.folder.map((file) => file.path)).toContain(path);
    expect(await nameWith(changed(path))).toBe(await nameWith({}));
  });

  test.each(
    given.folder
      .map(({ path }) => path)
      .filter((path) => /^packer\/(common|install-kamailio|install-media-relay|relays\/.*)\.sh$/.test(path)),
  )("but not when %s has changed", async (path) => {
    expect(await nameWith(changed(path))).not.toBe(await nameWith({}));
  });

  test("but not from another base, archive, Kamailio or media relay", async () => {
    const others = [
      {},
      { base: { ...given.base, key: "debian-13-a-c" } },
      { archive: [["trixie", "digest"]] },
      { image: { ...fleet.image, kamailio_version: "6.1" } },
      { image: { ...fleet.image, media_relay: "rtpengine" as const } },
    ];
    const names = await Promise.all(others.map(nameWith));
    expect(new Set(names).size).toBe(others.length);
  });
});
