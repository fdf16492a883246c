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

test("rows of others are no difference, and are named, with what a seed does with them", () => {
  const table = [
    inTable(1, 3),
    inTable(2, 4, { fleets: [] }),
    inTable(3, 5, { fleets: ["two"] }),
    inTable(4, 4, { fleets: [], destination: "sip:10.0.0.4:5060;transport=udp" }),
    inTable(5, 4, { fleets: ["two"], destination: "sip:10.0.0.4:5070;transport=tcp" }),
    inTable(6, 4, { fleets: [], destination: "sip:10.0.0.4:5061;transport=tls", description: "another" }),
    inTable(7, 8, { fleets: [] }),
    inTable(8, 3, { fleets: [], setid: 2 }),
    inTable(9, 9, { fleets: ["two"] }),
  ];
  const wanted = [row(3), row(4), row(5)];
  expect(diffLines(wanted, table, []).every(agrees)).toBe(true);
  expect(
    rowsOfOthers("one", wanted, table).map(({ text, stays }) => `${text}${stays ? " (stays)" : ""}`),
  ).toEqual([
    "row 2 (sip:10.0.0.4:5080;transport=tcp, recorder4) belongs to no fleet: `sip-proxy db seed` takes it over",
    "row 3 (sip:10.0.0.5:5080;transport=tcp, recorder5) belongs to fleet two: `sip-proxy db seed` shares it",
    "row 4 (sip:10.0.0.4:5060;transport=udp, recorder4) belongs to no fleet: `sip-proxy db seed` deletes it, because the fleet file has another port for this recorder",
    "row 5 (sip:10.0.0.4:5070;transport=tcp, recorder4) belongs to fleet two (stays)",
    "row 6 (sip:10.0.0.4:5061;transport=tls, another) belongs to no fleet (stays)",
    "row 7 (sip:10.0.0.8:5080;transport=tcp, recorder8) belongs to no fleet (stays)",
    "row 8 (sip:10.0.0.3:5080;transport=tcp, recorder3) belongs to no fleet (stays)",
    "row 9 (sip:10.0.0.9:5080;transport=tcp, recorder9) belongs to fleet two (stays)",
  ]);
});
