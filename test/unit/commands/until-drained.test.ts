import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { untilDrained } from "../../../src/commands/drain-host.js";
import type { Finished } from "../../../src/do/process.js";
import { UserError } from "../../../src/errors.js";
import type { Reached } from "../../../src/targets/reach.js";
import { awsError } from "../../../src/targets/ec2/do/errors.js";
import { fleetOf } from "../../support/fleets.js";

const [host] = fleetOf().hosts;
const day = 86_400_000;
const told: string[] = [];
let looks = 0;

beforeEach(() => {
  looks = 0;
  told.length = 0;
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => void vi.restoreAllMocks());

/** A host that never answers. */
function wait(error: Error, runs?: Reached["runs"]): Promise<void> {
  return waitFor(() => Promise.reject(error), runs);
}

function waitFor(answer: () => Promise<Finished>, runs?: Reached["runs"]): Promise<void> {
  if (!host) throw new Error("the fleet has no host");
  const run = () => {
    looks++;
    // each query takes some minutes
    const now = Date.now() + 360_000;
    vi.spyOn(Date, "now").mockImplementation(() => now);
    return answer();
  };
  const stream = () => Promise.resolve({ why: "not asked" });
  const reached: Reached = { name: host.name, host, stream, run, ...(runs ? { runs } : {}) };
  return untilDrained([reached], day, (line) => told.push(line));
}

test("a host that leaves DNS first may get calls yet: it is waited for, though it has none", async () => {
  const divider = "--- sip-proxy ---";
  const stdouts = ["leaving", "leaving", "draining"].map((mark) =>
    ["", "", "calls=0", `${mark}\nready`, "", "", "1"].join(divider),
  );
  await waitFor(() => Promise.resolve({ exitCode: 0, stdout: stdouts[looks - 1] ?? "", stderr: "" }));
  expect([looks, told]).toEqual([3, ["calls left: sipproxy0 (leaves DNS first)"]]);
});

test("a host that has ended has no calls left", async () => {
  await wait(new UserError("SSM does not manage it"), () => Promise.resolve(false));
  expect([looks, told]).toEqual([1, []]);
});

test.each([
  ["runs", () => Promise.resolve(true)],
  ["may run", undefined],
  ["may run: the target cannot be asked either", () => Promise.reject(new UserError("throttled"))],
])("one that %s, and does not answer for minutes, ends the wait long before its timeout", async (_, runs) => {
  await expect(wait(new UserError("no answer"), runs)).rejects.toMatchObject({
    message: "sipproxy0 has not answered for 10 minutes; it may still have calls",
    hint: expect.stringContaining(
      "run the same command again to continue, or sip-proxy undrain FLEET sipproxy0",
    ) as string,
  });
  expect([looks, told]).toEqual([2, ["calls left: sipproxy0 not known"]]);
});

test("credentials that are over end it at once", async () => {
  const over = Object.assign(new Error("The security token is expired"), { name: "ExpiredTokenException" });
  await expect(wait(awsError(over, "SSM SendCommand") as Error)).rejects.toThrow(/ExpiredTokenException/);
  expect(looks).toBe(1);
});
