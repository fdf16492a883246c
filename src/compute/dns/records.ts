import type { Fleet, Host } from "../../understand/fleet.js";

/** A proxy as the outside finds it: one address, and the host or group that it belongs to. */
export interface DnsTarget {
  host: Host;
  /** First label of its name; none: its name is the domain itself. */
  label?: string;
  /** None: its A records are made by others. */
  address?: string;
}

export interface SrvRecord {
  name: string;
  type: "SRV";
  ttl: number;
  priority: number;
  weight: number;
  port: number;
  target: string;
}

export interface ARecord {
  name: string;
  type: "A";
  ttl: number;
  address: string;
}

export type DnsRecord = SrvRecord | ARecord;

/** The proxies whose addresses the fleet file gives. */
export function givenTargets(hosts: readonly Host[]): DnsTarget[] {
  return hosts
    .filter(({ public_ip_address }) => public_ip_address !== "auto")
    .map((host) => ({ host, label: host.name.toLowerCase(), address: host.public_ip_address }));
}

/** The instances of a group that keep the A records of the domain themselves: what is left to make stays as it is. */
export const keptTarget = (host: Host): DnsTarget => ({ host });

/** An instance of a group has no name of its own that would outlive it; its address names it. */
export function instanceTarget(host: Host, address: string): DnsTarget {
  return { host, label: `${host.name.toLowerCase()}-${address.replaceAll(".", "-")}`.slice(-63), address };
}

/**
 * The records of a fleet (RFC 2782): under `_sip._udp`, `_sip._tcp` and, with enable_tls, `_sips._tcp`, one SRV record for each
 * proxy, and its A record. The most preferred come first, in the same order every time.
 */
export function dnsRecords(
  domain: string,
  { ttl }: Fleet["dns"],
  targets: readonly DnsTarget[],
): DnsRecord[] {
  const sorted = [...targets].sort(byPreference);
  const nameOf = ({ label }: DnsTarget) => (label === undefined ? domain : `${label}.${domain}`);
  const services = [
    { service: "_sip._udp", portOf: ({ sip_udp_port }: Host["settings"]) => sip_udp_port },
    { service: "_sip._tcp", portOf: ({ sip_tcp_port }: Host["settings"]) => sip_tcp_port },
    {
      service: "_sips._tcp",
      portOf: ({ enable_tls, sip_tls_port }: Host["settings"]) => (enable_tls ? sip_tls_port : undefined),
    },
  ];
  const srv = services.flatMap(({ service, portOf }) =>
    sorted.flatMap((target): SrvRecord[] => {
      const { settings } = target.host;
      const port = portOf(settings);
      if (port === undefined) return [];
      const { dns_priority: priority, dns_weight: weight } = settings;
      return [
        { name: `${service}.${domain}`, type: "SRV", ttl, priority, weight, port, target: nameOf(target) },
      ];
    }),
  );
  const a = sorted.flatMap((target): ARecord[] => {
    const { address } = target;
    return address === undefined ? [] : [{ name: nameOf(target), type: "A", ttl, address }];
  });
  return [...srv, ...a];
}

function byPreference(a: DnsTarget, b: DnsTarget): number {
  const [one, other] = [a.host.settings, b.host.settings];
  return (
    one.dns_priority - other.dns_priority ||
    other.dns_weight - one.dns_weight ||
    (a.label ?? "").localeCompare(b.label ?? "", "en", { numeric: true })
  );
}
