import { rmSync } from "node:fs";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import type * as registry from "../../src/targets/registry.js";
import { fleetFile, folder, run } from "../support/fake-target/fleet.js";
import { boxes, done } from "../support/fake-target/target.js";

// loaded modules stay for the next test file
vi.hoisted(() => vi.resetModules());
afterAll(() => vi.resetModules());
afterAll(() => rmSync(folder, { recursive: true }));

vi.mock("../../src/targets/registry.js", async (original) => {
  const { targets } = await original<typeof registry>();
  const { shelf } = await import("../support/fake-target/target.js");
  return { targets: { ...targets, shelf } };
});

// `sip-proxy stop` and `terminate`, with hosts that are only names in a table

const end = (verb: string, ...words: string[]) =>
  run(verb, fleetFile(), "sipproxy0", "--target", "shelf", ...words);
const box = (state: object) => Object.assign(boxes.get("sipproxy0") ?? {}, state);

beforeEach(async () => {
  boxes.clear();
  await run("launch", fleetFile(), "sipproxy0", "--target", "shelf");
  done.length = 0;
});

test("stop and terminate drain the host first, and wait for its last call", async () => {
  box({ calls: 2 });
  setTimeout(() => box({ calls: 0 }), 500);
  const { code, stderr } = await end("terminate");
  expect({ code, done }, stderr).toEqual({ code: 0, done: ["sipproxy0 away"] });
  expect(stderr).toMatch(/sipproxy0: taken away/);
});

test("after a stop, the next launch accepts calls, unless the host was drained before", async () => {
  expect(await end("stop")).toMatchObject({ code: 0 });
  expect(boxes.get("sipproxy0")?.draining).toBe(false);
  box({ draining: true });
  expect(await end("stop")).toMatchObject({ code: 0 });
  expect(boxes.get("sipproxy0")?.draining).toBe(true);
});

test("they leave a host alone that does not answer, or whose drain was undone; --now ends it", async () => {
  box({ locked: true });
  const { code, stderr } = await end("terminate");
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /sipproxy0 does not answer, so it cannot be drained[^]*--now ends the host, with its calls/,
  );
  box({ locked: false, calls: 1 });
  setTimeout(() => box({ draining: false }), 500);
  expect((await end("terminate")).stderr).toContain("draining was undone in the meantime: sipproxy0");
  expect(boxes.has("sipproxy0")).toBe(true);
  expect(await end("terminate", "--now")).toMatchObject({ code: 0 });
  expect([boxes.size, done]).toEqual([0, []]);
});

test("a dry run says so", async () => {
  expect((await end("stop", "--dry-run")).stderr).toContain(
    "sipproxy0: (dry run) would drain it first; closed",
  );
  expect(boxes.get("sipproxy0")?.draining).toBe(false);
});

test("a host that has not started yet has no calls", async () => {
  box({ image: "rotten", calls: undefined, unanswered: true });
  expect(await end("terminate")).toMatchObject({ code: 0 });
  expect(done).toEqual([]);
});
