import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { secretReader } from "../../../src/do/secrets.js";
import { SecretValue } from "../../../src/understand/settings/secret-value.js";

const folder = mkdtempSync(join(tmpdir(), "secrets-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
const reveal = secretReader(join(folder, "fleet.yaml"), {
  GOOD: "it's \\ fine",
  LINES: "one\ntwo",
  EMPTY: "",
  PEM: pem,
});
const env = (name: string) => new SecretValue({ from: "env", name });
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return new SecretValue({ from: "file", path: name });
};

test("a password is taken as it is, of a file without the line's end", () => {
  expect(reveal(env("GOOD"), "one line", "dbpass_kam")).toBe("it's \\ fine");
  expect(reveal(file("unix", "pass\n"), "one line", "dbpass_kam")).toBe("pass");
  expect(reveal(file("windows", "pass\r\n"), "one line", "dbpass_kam")).toBe("pass");
});

test("a certificate may have lines", () => expect(reveal(env("PEM"), "PEM", "tls_ca")).toBe(pem));

test.each([
  [
    "a password of two lines",
    () => reveal(env("LINES"), "one line", "dbpass_kam"),
    "dbpass_kam must be one line of text without control characters; it is ${env:LINES}",
  ],
  [
    "the same in a file",
    () => reveal(file("lines", "one\ntwo\n"), "one line", "dbpass_kam"),
    "dbpass_kam must be one line of text without control characters; it is ${file:lines}",
  ],
  [
    "a key that is none",
    () => reveal(env("GOOD"), "PEM", "tls_ca"),
    "tls_ca must be PEM (-----BEGIN …); it is ${env:GOOD}",
  ],
  ["a variable that is not set", () => reveal(env("NONE"), "one line", "dbpass_kam"), "NONE is not set"],
  ["an empty one", () => reveal(env("EMPTY"), "one line", "dbpass_kam"), "EMPTY is empty"],
])("%s is refused, and not told", (_, act, message) => {
  expect(act).toThrow(message);
  expect(act).not.toThrow(/two|fine/);
});
