import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildFolder } from "../../../src/compute/image/build-folder.js";
import { bakeSteps } from "../../../src/compute/image/provisioners.js";
import { additionFaults, readAdditions } from "../../../src/do/additions.js";
import { imageSources } from "../../../src/do/assets.js";
import { ingressRules } from "../../../src/targets/ec2/compute/security-group.js";
import { layerName } from "../../../src/targets/local/do/packages.js";
import { fleetOf } from "../../support/fleets.js";

// Additions of a fleet to its image.

const folder = mkdtempSync(join(tmpdir(), "additions-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fleetFile = join(folder, "fleet.yaml");
writeFileSync(join(folder, "finish"), "#!/bin/sh\n");

test("an image to which nothing is added has no step and no folder for it", () => {
  const fleet = fleetOf();
  expect(bakeSteps(fleet.image).map(({ script }) => script)).not.toContain("add-files.sh");
  const paths = buildFolder(fleet, imageSources()).map(({ path }) => path);
  expect(paths.filter((path) => path.startsWith("added/"))).toEqual([]);
});

test("ports of packages are let in, for the networks that are named", () => {
  const fleet = fleetOf({
    image: {
      packages: [{ name: "exporter=1.0", ports: [{ port: 9100, from: ["10.0.9.10", "10.0.8.0/24"] }] }],
    },
  });
  const rules = ingressRules(fleet).filter(({ why }) => why === "exporter");
  expect(rules).toEqual(
    ["10.0.9.10/32", "10.0.8.0/24"].map((network) => ({
      ...{ protocol: "tcp", from: 9100, to: 9100, network, why: "exporter" },
    })),
  );
});

test("files that are not there, or not what they should be, are faults where they are named", () => {
  writeFileSync(join(folder, "text"), "no program, no key\n");
  const fleet = fleetOf({
    image: {
      files: { "/etc/x": { path: "nowhere" } },
      scripts: ["finish", "text"],
      repositories: { a: { uri: "http://apt.example.com", suite: "stable", key: "text" } },
    },
    settings: {
      files: { "/etc/y": { path: "binary" } },
      units: { "y.service": { path: "nowhere" }, "z.service": { path: "text" } },
    },
  });
  writeFileSync(join(folder, "binary"), Buffer.from([0xff, 0xfe]));
  expect(additionFaults(fleet, fleetFile).map(({ path, message }) => [path.join("."), message])).toEqual([
    ["image.files./etc/x.path", expect.stringContaining("must be a file: cannot read")],
    ["image.scripts.1", expect.stringContaining("#!/bin/bash")],
    ["image.repositories.a.key", expect.stringContaining("must be an ASCII-armoured OpenPGP key")],
    ["settings.files./etc/y.path", expect.stringContaining("must be text (UTF-8)")],
    ["settings.units.y.service.path", expect.stringContaining("must be a file: cannot read")],
    ["settings.units.z.service.path", "must have a section such as [Service]"],
  ]);
});

test("packages are installed anew for other packages, not for other files", async () => {
  const layer = async (image: object) => {
    const fleet = fleetOf({ image });
    const added = readAdditions(fleet.image, fleetFile);
    const base = { key: "base" } as Parameters<typeof layerName>[0]["base"];
    return layerName({
      ...({ image: fleet.image, folder: buildFolder(fleet, { ...imageSources(), added }) } as object),
      ...{ sources: {}, base, archive: null },
    } as Parameters<typeof layerName>[0]);
  };
  const none = await layer({});
  expect(await layer({ files: { "/etc/x": { content: "1" } } })).toEqual(none);
  expect(await layer({ files: { "/etc/x": { content: "2" } }, scripts: ["finish"] })).toEqual(none);
  expect(await layer({ packages: ["curl"], files: { "/etc/x": { content: "1" } } })).not.toEqual(none);
});
