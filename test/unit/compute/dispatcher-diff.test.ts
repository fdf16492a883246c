import { expect, test } from "vitest";
import { agrees, diffLines, rowsOfOthers, type TableRow } from "../../../src/compute/dispatcher/diff.js";
import type { DispatcherRow } from "../../../src/compute/dispatcher/seed.js";

const row = (last: number, more: object = {}): DispatcherRow => ({
  setid: 1,
  destination: `sip:10.0.0.${last}:5080;transport=tcp`,
  flags: 0,
  priority: 0,
  attrs: "",
  description: `recorder${last}`,
  ...more,
});
const inTable = (id: number, last: number, more: object = {}): TableRow => ({
  ...row(last),
  id,
  fleets: ["one"],
  drained: false,
  ...more,
});
const onHost = (host: string, ...lasts: number[]) => ({
  host,
  targets: lasts.map((last) => ({ set: 1, uri: row(last).destination, flags: "AP", priority: 0 })),
});

test("fleet file, table and hosts that agree", () => {
  const lines = diffLines([row(3)], [inTable(1, 3)], [onHost("a", 3)]);
  expect(lines).toEqual([
    {
      ...{ setid: 1, destination: row(3).destination, file: "recorder3", row: 1 },
      ...{ differs: [], drained: false, writers: ["one"], hosts: { a: "AP" } },
    },
  ]);
  expect(lines.every(agrees)).toBe(true);
});

test.each([
  ["a row that is missing", diffLines([row(3)], [], [])],
  ["a row that differs", diffLines([row(3)], [inTable(1, 3, { priority: 2 })], [])],
  ["a host that has not loaded it", diffLines([row(3)], [inTable(1, 3)], [onHost("a", 3), onHost("b")])],
  ["a host that has loaded more", diffLines([row(3)], [inTable(1, 3)], [onHost("a", 3, 4)])],
])("%s does not agree", (_, lines) => expect(lines.every(agrees)).toBe(false));

test("a row that is drained has its flag, and agrees", () => {
  const lines = diffLines([row(3)], [inTable(1, 3, { flags: 4, drained: true })], []);
  expect(lines).toMatchObject([{ drained: true, differs: [] }]);
});

test("rows of others are no difference, and are named", () => {
  const table = [inTable(1, 3), inTable(7, 8, { fleets: [] }), inTable(9, 9, { fleets: ["two"] })];
  expect(diffLines([row(3)], table, []).every(agrees)).toBe(true);
  expect(rowsOfOthers("one", table)).toEqual([
    "row 7 (sip:10.0.0.8:5080;transport=tcp, recorder8) belongs to no fleet",
    "row 9 (sip:10.0.0.9:5080;transport=tcp, recorder9) belongs to fleet two",
  ]);
});
