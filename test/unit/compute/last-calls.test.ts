import { expect, test } from "vitest";
import type { Call } from "../../../src/compute/operate/call.js";
import { LastCalls } from "../../../src/compute/operate/last-calls.js";
import { changes } from "../../../src/compute/operate/shown-call.js";
import { lookScript, readLook } from "../../../src/compute/operate/look.js";

const [mine, other] = ["sip:10.0.0.3:5060;transport=udp", "sip:10.0.0.4:5080;transport=tcp"];
const call = (call_id: string, recorder: string | null, state: Call["state"] = "up"): Call => ({
  ...{ call_id, recorder, state },
  ...{ source: null, age_s: 1, streams: [] },
});
const look = (calls: Call[] | undefined, count: number | undefined) => ({
  ...{ calls, count },
  ...{ targets: [], draining: false, leavesDns: false, ready: true, limit: 0, refused: {} },
  packagesAt: undefined,
});
const counter = () => new LastCalls("one", [{ setid: 1, destination: mine }]);

test("counts the calls of a recorder, and no other's", () => {
  const calls = [call("a", mine), call("b", other), call("c", mine)];
  expect(counter().count(look(calls, 3))).toEqual({ host: "one", calls: 2 });
});

test("a call that was being set up when the recorder was drained may get it; later ones cannot", () => {
  const last = counter();
  expect(last.count(look([call("a", null, "setup")], 1)).calls).toBe(1);
  expect(last.count(look([call("a", mine), call("b", null, "setup")], 2)).calls).toBe(1);
  expect(last.count(look([call("b", null, "setup")], 1)).calls).toBe(0);
});

test("calls whose recorder nobody knows are waited for until there is a moment without any", () => {
  const last = counter();
  const before = last.count(look([call("a", other), call("m", null, "moved")], 3));
  expect(before).toMatchObject({ calls: 2, note: expect.stringContaining("unknown recorder") as string });
  expect(last.count(look([call("a", other)], 1)).calls).toBe(0);
  // media that outlive their dialog for a moment
  expect(last.count(look([call("a", other)], 2)).calls).toBe(0);
});

test("a host of a former release counts all its calls; one that says nothing is not known", () => {
  expect(counter().count(look(undefined, 7))).toMatchObject({ calls: 7 });
  expect(counter().count(look([], undefined)).calls).toBeUndefined();
});

test("a look is read part by part", () => {
  expect(lookScript().split("\n").at(-1)).toBe("true");
  const divider = "--- sip-proxy ---";
  const list = "SET: {\n ID: 2\n DEST: {\n URI: sip:a\n FLAGS: DX\n PRIORITY: 3\n";
  const calls = JSON.stringify([call("x", mine)]);
  const text = (told: string) =>
    `${list}\n${divider}\n${told}\n${divider}\ncalls=4\n${divider}\ndraining\nready\n${divider}\n300\n${divider}\nscript:refused_full = 2\nscript:calls = 3\n${divider}\n1700000000\n`;
  expect(readLook(text(calls))).toEqual({
    targets: [{ set: 2, uri: "sip:a", flags: "DX", priority: 3 }],
    calls: [call("x", mine)],
    count: 4,
    draining: true,
    leavesDns: false,
    ready: true,
    limit: 300,
    refused: { full: 2 },
    packagesAt: 1_700_000_000,
  });
  expect(readLook(text("")).calls).toBeUndefined();
  const leaving = readLook(text("").replace("draining", "leaving"));
  expect(leaving).toMatchObject({ draining: true, leavesDns: true });
});

test("who follows calls is told of those that begin and end, and a host that does not answer keeps its calls", () => {
  const one = (...ids: string[]) => ["one", ids.map((id) => call(id, mine))] as const;
  const two = (...ids: string[]) => ["two", ids.map((id) => call(id, mine))] as const;
  const ids = (calls: Call[]) => calls.map(({ call_id }) => call_id);
  const silent = changes(new Map([one("a"), two("b")]), new Map([one("a", "c")]));
  expect([ids(silent.began), ids(silent.ended)]).toEqual([["c"], []]);
  const back = changes(silent.known, new Map([one("c"), two()]));
  expect([ids(back.began), ids(back.ended)]).toEqual([[], ["a", "b"]]);
});
