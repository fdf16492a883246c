import { expect, test } from "vitest";
import { renderHost } from "../../src/commands/render-host.js";
import { certificate } from "../support/certificates.js";
import { fleetOf, reveal } from "../support/fleets.js";

test("a key that is not the certificate's, or cannot be read, is told before a host has it", async () => {
  const [one, other] = await Promise.all([certificate("one"), certificate("other")]);
  const faults = (tls_private_key: string) => {
    const fleet = fleetOf({ settings: { enable_tls: true, tls_certificate: one.cert, tls_private_key } });
    const [host] = fleet.hosts;
    if (!host) throw new Error("no host");
    const rendered = renderHost(fleet, host, reveal);
    return rendered.faults.map(({ path, message }) => `${path.join(".")} ${message}`);
  };
  expect(faults(one.key)).toEqual([]);
  expect(faults(other.key)).toEqual([
    "settings.tls_private_key must be the key of tls_certificate; it does not match",
  ]);
  expect(faults(one.key.replace(/\n[^\n]+\n/, "\n"))).toEqual([
    expect.stringContaining("settings.tls_private_key must be a readable key"),
  ]);
});
