import type { Fault } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";
import { placeOf } from "../../../understand/rules/place-of.js";

/** Rules for records that a group's hosts maintain in Route 53. */
export const dnsRules: readonly ((fleet: Fleet) => Fault[])[] = [
  zoneHasDomain,
  addressesAreTheHostsOwn,
  ttlFitsDrain,
];

const zone = ["group", "hosted_zone_id"];

function zoneHasDomain({ group, dns }: Fleet): Fault[] {
  if (group?.hosted_zone_id === undefined || dns.domain !== undefined) return [];
  return [
    {
      path: zone,
      atKey: true,
      message: "requires dns.domain, the name of the records that the instances maintain",
      hint: "add dns: { domain: sip.example.com }",
    },
  ];
}

/** Each host needs an address of its own: if all hosts share one address, a record cannot lead to one host. */
function addressesAreTheHostsOwn({ group }: Fleet): Fault[] {
  if (group?.hosted_zone_id === undefined) return [];
  const setting = `${group.dns_address}_ip_address` as const;
  if (group[setting] === "auto") return [];
  return [
    {
      path: zone,
      atKey: true,
      message: `needs ${setting}: auto in the group; otherwise all instances would publish ${group[setting]}`,
      ...(setting === "public_ip_address" && {
        hint: "set public_ip_address: auto, or dns_address: private for a private hosted zone",
      }),
    },
  ];
}

/** The TTL must fit into drain_limit: an instance that is to end waits for the TTL before it refuses calls. */
function ttlFitsDrain({ group, dns, hosts }: Fleet): Fault[] {
  const host = hosts.find(({ kind }) => kind === "group");
  if (group?.hosted_zone_id === undefined || !host) return [];
  const { drain_limit } = host.settings;
  if (dns.ttl <= drain_limit) return [];
  return [
    {
      path: placeOf(host, "drain_limit"),
      message: `must be at least dns.ttl (${dns.ttl}): an instance waits that long after it has left DNS, before it drains; got ${drain_limit}`,
      hint: "set dns.ttl: 60",
    },
  ];
}
