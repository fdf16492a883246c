import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { refuseForeign, writeFiles } from "../../../src/do/write-files.js";

const folder = mkdtempSync(join(tmpdir(), "write-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("files are written with their folders and permissions", async () => {
  await writeFiles(join(folder, "a/b"), [{ path: "c/secret", content: "x", mode: 0o600 }]);
  const file = join(folder, "a/b/c/secret");
  expect(readFileSync(file, "utf8")).toBe("x");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "a/b/c"))).toEqual(["secret"]);
});

test("a folder that somebody else has filled is not replaced; an empty one, and an own one, is", async () => {
  const own = join(folder, "own");
  await expect(refuseForeign(own, "user-data")).resolves.toBeUndefined();
  await writeFiles(own, [{ path: "user-data", content: "" }]);
  await expect(refuseForeign(own, "user-data")).resolves.toBeUndefined();
  await writeFiles(join(folder, "photos"), [{ path: "holiday.jpg", content: "" }]);
  await expect(refuseForeign(join(folder, "photos"), "user-data")).rejects.toThrow("already exists");
  symlinkSync(own, join(folder, "link"));
  await expect(refuseForeign(join(folder, "link"), "user-data")).rejects.toThrow("already exists");
});

test("a file that is outside the folder is refused", async () => {
  await expect(writeFiles(folder, [{ path: "../x", content: "" }])).rejects.toThrow("is outside");
});

test.each(["a file that is in the way", "/proc"])("%s is told, with the way out", async (place) => {
  const inTheWay = join(folder, "file");
  writeFileSync(inTheWay, "");
  const root = place === "/proc" ? "/proc/sip-proxy-test" : inTheWay;
  await expect(writeFiles(join(root, "image"), [{ path: "x", content: "" }])).rejects.toMatchObject({
    name: "UserError",
    message: expect.stringMatching(/^cannot write .*image\/x: .* \(E\w+\)$/) as string,
    hint: "use a folder that exists and is writable, or can be created",
  });
});
