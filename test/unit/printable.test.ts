import { expect, test } from "vitest";
import { printable, printableJson, printableLines } from "../../src/printable.js";

const hostile = "a\u001b[31mb\u202e\u2066c\u0085\u2028d\ud800e\u{e0001}f\u007f\ufeffg";

test("nothing of a text does something to a terminal, and its length stays", () => {
  expect(printable(hostile)).toBe("a·[31mb··c··d·e··f··g");
  expect(printable(hostile)).toHaveLength(hostile.length);
  expect(printable("zürich 日本 \u{1f600}")).toBe("zürich 日本 \u{1f600}");
});

test("lines stay lines", () => {
  expect(printableLines("a\u001b\nb\r")).toBe("a·\nb·");
});

test("JSON means what it did", () => {
  const json = JSON.stringify({ [hostile]: [hostile, "\n"] }, null, 2);
  expect(JSON.parse(printableJson(json))).toEqual(JSON.parse(json));
  expect(printableJson(json)).toMatch(/^[\n\x20-\x7e]*$/);
});
