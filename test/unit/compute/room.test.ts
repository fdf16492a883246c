import { expect, test } from "vitest";
import type { HostLook } from "../../../src/compute/operate/look.js";
import { objection } from "../../../src/compute/operate/room.js";

const look = (more: Partial<HostLook> = {}): HostLook => ({
  ...{
    targets: [],
    calls: [],
    count: 0,
    draining: false,
    leavesDns: false,
    ready: true,
    limit: 100,
    refused: {},
    packagesAt: undefined,
  },
  ...more,
});
const all = ["a", "b", "c"];
const looks = (b: Partial<HostLook> = {}, c: Partial<HostLook> = {}) =>
  new Map([
    ["a", look({ count: 60 })],
    ["b", look(b)],
    ["c", look(c)],
  ]);

test.each([
  ["the others have room", looks({ count: 60 }, { count: 60 }), undefined],
  [
    "the others are too small",
    looks({ count: 90 }, { count: 90 }),
    "240 calls are up, but the other hosts have room for 200 only",
  ],
  ["one without a limit", looks({ count: 90 }, { count: 90, limit: 0 }), undefined],
  [
    "one that drains holds none",
    looks({ count: 60, draining: true }),
    "120 calls are up, but the other hosts have room for 100 only",
  ],
  ["one that is not ready", looks({ ready: false }), "b is not ready"],
  ["nobody else takes calls", looks({ draining: true }, { draining: true }), "no other host accepts calls"],
])("%s", (_, found, why) => expect(objection("a", found, all)).toBe(why));

test("a host that does not answer is not ready", () => {
  expect(objection("a", new Map([["a", look()]]), all)).toBe("b, c are not ready");
});
