import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { journalScript } from "../../../src/compute/operate/journal.js";
import { flagsMeaning, readDispatcherList } from "../../../src/compute/launch/dispatcher-flags.js";
import { readHostStatus } from "../../../src/compute/launch/host-status.js";

const list = `{
	NRSETS: 1
	RECORDS: {
		SET: {
			ID: 1
			TARGETS: {
				DEST: {
					URI: sip:10.0.0.3:5060;transport=udp
					FLAGS: AP
					PRIORITY: 0
					LATENCY: {
						AVG: 0.000000
						TIMEOUT: 54
					}
				}
				DEST: {
					URI: sip:10.0.0.4:5080;transport=tcp
					FLAGS: IP
					PRIORITY: 7
				}
			}
		}
	}
}`;

test("kamcmd dispatcher.list, as in the role's README", () => {
  expect(readDispatcherList(list)).toEqual([
    { set: 1, uri: "sip:10.0.0.3:5060;transport=udp", flags: "AP", priority: 0 },
    { set: 1, uri: "sip:10.0.0.4:5080;transport=tcp", flags: "IP", priority: 7 },
  ]);
});

describe("flags", () => {
  test.each([
    ["AP", /^up$/],
    ["AX", /coming up/],
    ["IP", /down/],
    ["TX", /failing/],
    ["TP", /failing/],
    ["DX", /disabled by an operator/],
  ])("%s", (flags, meaning) => expect(flagsMeaning(flags)).toMatch(meaning));
});

test("a host's units and targets are read from one script's output", () => {
  const output = [
    "Id=sip-proxy-configure.service\nActiveState=active\nStatusText=configured: private 10.0.0.1\nNRestarts=0",
    "Id=kamailio.service\nActiveState=active\nStatusText=\nNRestarts=2",
    "Id=sip-proxy-selftest.service\nActiveState=activating\nStatusText=not ready: a=b\nNRestarts=0",
    "Id=rtpproxy@1.service\nActiveState=active\nStatusText=\nNRestarts=0",
    "Id=sip-proxy-user-data.service\nActiveState=inactive\nStatusText=\nNRestarts=0",
    "Id=sip-proxy-added.service\nActiveState=failed\nStatusText=FAILED: not all is in place: x\nNRestarts=0",
  ].join("\n\n");
  const status = readHostStatus(`${output}\n--- dispatcher.list ---\n${list}`);
  expect(status.ready).toBe(false);
  expect(status.steps.map(({ unit, state, restarts }) => [unit, state, restarts])).toEqual([
    ["sip-proxy-configure.service", "active", 0],
    ["kamailio.service", "active", 2],
    ["sip-proxy-selftest.service", "activating", 0],
  ]);
  expect(status.steps[2]?.status).toBe("not ready: a=b");
  expect(status.services.map(({ unit }) => unit)).toEqual(["rtpproxy@1.service", "sip-proxy-added.service"]);
  expect(status.targets).toHaveLength(2);
});

test.each([
  ["lines", "echo 2026-11-28T21:48:02.1+0000 text", 0, "2026-11-28T21:48:02.1+0000 text\n", ""],
  ["no line that fits", "return 1", 0, "", ""],
  [
    "a time that is none",
    "echo 'Failed to parse timestamp: x' >&2; return 1",
    1,
    "",
    "Failed to parse timestamp: x\n",
  ],
])("a journal gives its answer, or its error: %s", (_, journalctl, status, stdout, stderr) => {
  const input = `journalctl() { ${journalctl}; }\n${journalScript({ since: "x", grep: "it's" })}`;
  expect(spawnSync("bash", ["-s"], { input, encoding: "utf8" })).toMatchObject({ status, stdout, stderr });
});
