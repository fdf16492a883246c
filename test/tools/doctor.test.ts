import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readFindings, type Finding } from "../../src/compute/operate/finding.js";
import { readAsset } from "../../src/do/assets.js";
import { newRoot, script } from "../support/host-root.js";

// doctor's results on a host whose services have not started; a stand-in for systemctl reports failed units.

const failed = ["kamailio", "sip-proxy-added", "sip-proxy-exporter", "shipper", "apt-daily"];
let folder: string;
let findings: Finding[];
const of = (subject: string) => findings.filter((each) => each.subject === subject);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "doctor-"));
  mkdirSync(join(folder, "bin"));
  const list = failed.map((unit) => `${unit}.service loaded failed failed words`).join("\n");
  writeFileSync(
    join(folder, "bin/systemctl"),
    `#!/bin/sh
case "$*" in
*list-units*) echo "${list}" ;;
*StatusText*added*) echo "FAILED: not all is in place: x" ;;
*ActiveState*) echo failed ;;
esac
`,
  );
  chmodSync(join(folder, "bin/systemctl"), 0o755);
  const root = await newRoot(join(folder, "root"), {
    settings: { units: { "shipper.service": { content: "[Service]\n" } } },
  });
  mkdirSync(join(root, "run/sip-proxy"), { recursive: true });
  writeFileSync(join(root, "run/sip-proxy/database.env"), "PGHOST=127.0.0.1 PGPORT=1 PGUSER=kamailio\n");
  const file = join(folder, "doctor.sh");
  writeFileSync(file, readAsset("templates/operate/doctor.sh"), { mode: 0o755 });
  const env = { PATH: `${folder}/bin:${process.env["PATH"]}` };
  findings = readFindings((await script(root, file, { env })).stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("units that have failed beside those of the boot are named: ours and the fleet file's are bad", () => {
  expect(of("units").filter(({ finding }) => finding.includes("has failed"))).toEqual(
    [
      ["bad", "sip-proxy-added", " has failed: not all is in place: x"],
      ["bad", "sip-proxy-exporter", " has failed"],
      ["bad", "shipper", " has failed"],
      ["note", "apt-daily", " has failed"],
    ].map(([state, unit, words]) => ({
      state,
      subject: "units",
      finding: `${unit}.service${words}`,
      wayOut: `journalctl -u ${unit}.service`,
    })),
  );
  expect(of("units")[0]).toMatchObject({ state: "bad", finding: "sip-proxy-configure is failed" });
});

test("a database that is silent is bad for a host that has no list yet", () => {
  expect(of("database")).toEqual([
    {
      state: "bad",
      subject: "database",
      finding: expect.stringMatching(/^not reachable: .*; this host has no list of recorders yet$/) as string,
      wayOut: "check that 127.0.0.1:1 is up and accepts kamailio from this host",
    },
  ]);
});
