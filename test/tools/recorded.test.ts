import { mkdtempSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { run } from "../../src/do/process.js";

// How a host judges the packet counts of a relay. The call tier tests that relays count like this.

const folder = mkdtempSync(join(tmpdir(), "recorded-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Returns the messages about calls with these counts: for each call, a list of [packets, relayed] for its streams, in Python. */
async function said(
  name: string,
  calls: string,
  streams = "11 11",
  env: Record<string, string> = {},
): Promise<{ lines: string[]; file: string }> {
  const root = join(folder, name);
  mkdirSync(join(root, "run/sip-proxy"), { recursive: true });
  const program = `
import sys
sys.path.insert(0, sys.argv[1])
import recorded
from streams import Counts, Media
from types import SimpleNamespace as Is

recorded.dialog = lambda id_: {"variables": [{"source": f"udp:192.0.2.{id_}:5060"}, {"recorder": "sip:r0"}]}
calls = ${calls}
relay = Is(streams=lambda id_, media, numbers: {n: Counts(*calls[int(id_)][n - 1]) for n in numbers})
watch = recorded.Recorded(relay)
for id_ in range(len(calls)):
    watch.look(Is(id=str(id_), value="1 tag platform ${streams}"))
`;
  const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
  const { stdout } = await run({
    argv: ["/usr/bin/python3", "-c", program, lib],
    env: { SIP_PROXY_ROOT: root, ...env },
  });
  const read = () => readFileSync(join(root, "run/sip-proxy/calls/unrecorded"), "utf8");
  return { lines: stdout.trim().split("\n").filter(Boolean), file: stdout === "" ? "" : read() };
}

test("packets that come on each stream and leave are no fault, nor what the relay does not tell", async () => {
  expect((await said("well", "[[(5, 5), (5, 4)], [(5, None), (5, None)]]")).lines).toEqual([]);
});

test("a stream on which nothing comes, or of which nothing leaves, is named", async () => {
  const { lines, file } = await said("faults", "[[(5, 5), (0, 0)], [(5, 0), (0, None)], [(5, 0), (7, 0)]]");
  expect(lines).toEqual([
    "CALL event=unrecorded call_id=0 source=udp:192.0.2.0:5060 recorder=sip:r0 streams=2 reason=not_sent",
    "CALL event=unrecorded call_id=1 source=udp:192.0.2.1:5060 recorder=sip:r0 streams=2 reason=not_sent",
    "CALL event=unrecorded call_id=2 source=udp:192.0.2.2:5060 recorder=sip:r0 streams=1,2 reason=not_relayed",
  ]);
  expect(file).toBe(
    "1 not_sent 192.0.2.0 sip:r0\n1 not_sent 192.0.2.1 sip:r0\n1 not_relayed 192.0.2.2 sip:r0\n",
  );
});

test("call_log_json: the same in JSON", async () => {
  const { lines } = await said("json", "[[(5, 5), (0, 0)]]", "11 11", { CALL_LOG_JSON: "yes" });
  expect(lines.map((line) => JSON.parse(line.replace("CALL ", "")) as unknown)).toEqual([
    {
      ...{ event: "unrecorded", call_id: "0", source: "udp:192.0.2.0:5060", recorder: "sip:r0" },
      ...{ streams: [2], reason: "not_sent" },
    },
  ]);
});

test.each(["10 11", "11 10", "1 1", "", "11"])(
  "streams that go by %j: nothing is expected of the second",
  async (streams) => {
    expect((await said(`streams ${streams}`, "[[(5, 5), (0, 0)]]", streams)).lines).toEqual([]);
  },
);

test("counts outlive the program, and platforms without end are counted together", async () => {
  const many = "[[(0, 0), (0, 0)]] * 205";
  await said("many", many);
  const { file } = await said("many", many);
  const lines = file.trim().split("\n");
  expect(lines).toHaveLength(201);
  expect(lines[0]).toBe("2 not_sent 192.0.2.0 sip:r0");
  expect(lines.at(-1)).toBe("10 not_sent other other");
});
