import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { renderHost } from "../../../src/commands/render-host.js";
import { compressed, sizeLedger, userDataLimit } from "../../../src/compute/user-data/size.js";
import { fleetOf } from "../../support/fleets.js";

const recorders = (count: number, attrs: (index: number) => string) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `recorder${index}`,
      { private_ip_address: `10.${1 + (index >> 8)}.${index & 255}.7`, siprec_attrs: attrs(index) },
    ]),
  );

function rendered(fleet: ReturnType<typeof fleetOf>) {
  const [host] = fleet.hosts;
  if (!host) expect.fail("no host");
  return renderHost(fleet, host, () => "secret");
}

describe("user-data", () => {
  test("gzip has no time and no operating system in it: same text, same bytes everywhere", () => {
    const bytes = compressed("text");
    expect([...bytes.subarray(4, 8), bytes[9]]).toEqual([0, 0, 0, 0, 0xff]);
    expect(gunzipSync(bytes).toString()).toBe("text");
  });

  test("that of 500 recorders fits", () => {
    const { bytes, faults } = rendered(
      fleetOf({ recorders: recorders(500, (index) => `weight=${(index % 9) + 1}`) }),
    );
    expect(bytes.length).toBeLessThan(userDataLimit);
    expect(faults).toEqual([]);
  });

  test("over the limit, the fault names the biggest part, at the line that it comes from", () => {
    // attributes that do not compress: each is another random-looking word
    const noise = (index: number) =>
      `site=${[...Array(28).keys()].map((k) => ((index * 7919 + k * 104729) ** 2 % 46656).toString(36)).join("")}`.slice(
        0,
        120,
      );
    const { bytes, faults } = rendered(fleetOf({ recorders: recorders(500, noise) }));
    expect(bytes.length).toBeGreaterThan(userDataLimit);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      path: ["recorders"],
      hint: expect.stringContaining("shorten") as string,
    });
    expect(faults[0]?.message).toMatch(
      /larger than 16384 bytes .* it has \d+ bytes, \d+ of them for \/etc\/sip-proxy\/dispatcher-seed.sql/,
    );
  });

  test("the ledger lists the parts, the largest first", () => {
    const { files } = rendered(fleetOf());
    const ledger = sizeLedger(files);
    expect(ledger.map(({ path }) => path)).toContain("/etc/sip-proxy/host.env");
    expect(ledger[0]?.path).toBe("/etc/sip-proxy/dispatcher-seed.sql");
    expect(ledger.every(({ bytes, compressedBytes }) => bytes > 0 && compressedBytes > 0)).toBe(true);
  });

  test("host.env, whose presence starts the services, is written last", () => {
    expect(rendered(fleetOf()).files.at(-1)?.path).toBe("etc/sip-proxy/host.env");
  });
});
