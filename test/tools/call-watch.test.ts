import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { run } from "../../src/do/process.js";

// Which calls without an ACK a host ends. The call tier (unended.test.ts) tests it with Kamailio.

const program = `
import os, runpy, sys, time
sys.path.insert(0, sys.argv[1])
Calls = runpy.run_path(os.path.join(sys.argv[1], "call-watch.py"))["Calls"]

calls = Calls(None, 60, None)
calls.finish = lambda call, why: print(why)
calls.running(type("Call", (), {"unknown": 0}), {"state": 3, "start_ts": eval(sys.argv[2])}, False, [])
`;

test.each([
  ["answered 41 s ago", "time.time() - 41", "its answer was not acknowledged for 40 s"],
  ["answered 39 s ago", "time.time() - 39", ""],
  // Kamailio sets the state first, then the time
  ["answered right now, without the time of the answer yet", "0", ""],
])("a call without an ACK, %s", async (_, answered, said) => {
  const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
  const { stdout } = await run({ argv: ["/usr/bin/python3", "-Bc", program, lib, answered] });
  expect(stdout.trim()).toBe(said);
});
