import type { CloudOptions } from "./host-cloud/protocol.js";

/** A hosted zone that already has another instance of the lab's group. */
export function zoneWith(instance: string, group = "test-sipproxy"): Pick<CloudOptions, "zone" | "records"> {
  const owner = `sip-proxy fleet=test group=${group} region=eu-west-1 turn=0`;
  return {
    zone: "Z0123456789ABC",
    records: [
      { name: "_sip-proxy.sip.example.com", type: "TXT", ttl: 300, value: `"${owner}"` },
      { name: "sip.example.com", type: "A", identifier: instance, ttl: 5, value: "198.51.100.102" },
    ],
  };
}
