import type { Fleet, Host } from "../../understand/fleet.js";

/** The public address of a proxy, with its host or group. */
export interface DnsTarget {
  host: Host;
  /** First label of its name; undefined: its name is the domain itself. */
  label?: string;
  /** Undefined if its A records are maintained elsewhere. */
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

/** The proxies with addresses in the fleet file. */
export function givenTargets(hosts: readonly Host[]): DnsTarget[] {
  return hosts
    .filter(({ public_ip_address }) => public_ip_address !== "auto")
    .map((host) => ({ host, label: host.name.toLowerCase(), address: host.public_ip_address }));
}

/** A target for a group whose instances maintain the domain's A records: only its constant records are needed. */
export const keptTarget = (host: Host): DnsTarget => ({ host });

/** A target for a group's instance. It has no lasting name, so its label is made from its address. */
export function instanceTarget(host: Host, address: string): DnsTarget {
  return { host, label: `${host.name.toLowerCase()}-${address.replaceAll(".", "-")}`.slice(-63), address };
}

/**
 * The records of a fleet (RFC 2782): for each proxy one SRV record under `_sip._udp`, `_sip._tcp` and, with enable_tls,
 * `_sips._tcp`, and its A record. Ordered by preference; the order is stable.
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
