import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadFleet } from "../../../src/commands/load-fleet.js";

// Unreadable fleet files.

const folder = mkdtempSync(join(tmpdir(), "load-fleet-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [join(folder, "none"), /^cannot read the fleet file \S+: there is no such file$/],
  [folder, /: it is a folder$/],
  [join(folder, "none\0"), /^cannot read the fleet file .*null bytes/s],
  ["/dev/zero", /^\/dev\/zero is not a fleet file: it is larger than 16 MiB$/],
])("%s", (file, words) => {
  expect(() => loadFleet(file)).toThrow(words);
});

test("one of many pieces is read whole", () => {
  const file = join(folder, "long.yaml");
  writeFileSync(file, `# ${"é".repeat(200_000)}\nfleet: [x]\n`);
  expect(() => loadFleet(file)).toThrow(/long\.yaml:2:8/);
});

test("a file in another encoding is refused with its line", () => {
  const file = join(folder, "latin1.yaml");
  writeFileSync(file, Buffer.from("fleet: x\nname: München\n", "latin1"));
  expect(() => loadFleet(file)).toThrow(/latin1\.yaml:2 is not text in UTF-8$/);
  writeFileSync(file, Buffer.from("\ufefffleet: x\n", "utf16le"));
  expect(() => loadFleet(file)).toThrow(/latin1\.yaml:1 is not text in UTF-8$/);
});
