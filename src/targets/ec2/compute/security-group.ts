import type { IpPermission } from "@aws-sdk/client-ec2";
import ipaddr from "ipaddr.js";
import { httpIsPrivate } from "../../../compute/host/kamailio-local.js";
import { packageName } from "../../../compute/image/additions.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { AddedPackage } from "../../../understand/settings/additions.js";

/** Allowed traffic: one transport and a range of ports, from one network. */
export interface IngressRule {
  protocol: "udp" | "tcp";
  from: number;
  to: number;
  network: string;
  why: string;
}

const sshPort = 22;

/** EC2's default quota of rules in a security group, each network of a rule counted. */
export const ingressLimit = 60;

/**
 * SIP and media from the platforms; media from the recorders, and SIP if they open a new connection for a dialog; JSON-RPC, metrics and
 * SSH from the networks that may use them.
 */
export function ingressRules(fleet: Fleet): IngressRule[] {
  const { recorders } = fleet;
  const overTls = recorders.filter(({ siprec_protocol }) => siprec_protocol === "tls");
  const rules = fleet.hosts.flatMap((host) => [
    ...host.settings.trusted.flatMap((network) => platformRules(host, network)),
    ...recorderNetworks(fleet, recorders).flatMap((network) => recorderRules(host, network)),
    ...recorderNetworks(fleet, overTls).flatMap((network) => tlsRules(host, network)),
    ...httpRules(host),
    ...sshRules(host),
  ]);
  rules.push(...fleet.image.packages.flatMap(packageRules));
  return [...new Map(rules.map((rule) => [ruleKey(rule), rule])).values()];
}

/** Rules for the open ports of an added package. */
function packageRules(added: AddedPackage): IngressRule[] {
  return added.ports.flatMap(({ protocol, port, from }) =>
    from.map((network) => ({ protocol, from: port, to: port, network, why: packageName(added) })),
  );
}

function platformRules({ settings }: Host, network: string): IngressRule[] {
  const rule = (protocol: "udp" | "tcp", port: number, why: string) =>
    ({ protocol, from: port, to: port, network, why }) as const;
  return [
    rule("udp", settings.sip_udp_port, "SIP"),
    rule("tcp", settings.sip_tcp_port, "SIP"),
    ...(settings.enable_tls ? [rule("tcp", settings.sip_tls_port, "SIP over TLS")] : []),
    { protocol: "udp", from: settings.rtp_start, to: settings.rtp_stop, network, why: "RTP" },
  ];
}

function recorderRules({ settings }: Host, network: string): IngressRule[] {
  const { sip_private_port: port } = settings;
  return [
    { protocol: "udp", from: port, to: port, network, why: "SIP of recorders" },
    { protocol: "tcp", from: port, to: port, network, why: "SIP of recorders" },
    { protocol: "udp", from: settings.rtp_start, to: settings.rtp_stop, network, why: "RTP of recorders" },
  ];
}

function tlsRules({ settings }: Host, network: string): IngressRule[] {
  const { enable_tls, sip_private_tls_port: port } = settings;
  return enable_tls
    ? [{ protocol: "tcp", from: port, to: port, network, why: "SIP of recorders over TLS" }]
    : [];
}

/** Rules for JSON-RPC and metrics. A listener on loopback needs none. */
function httpRules({ settings }: Host): IngressRule[] {
  if (!httpIsPrivate(settings)) return [];
  const { http_port: port, http_allow } = settings;
  return http_allow
    .filter((network) => !network.startsWith("127."))
    .map((network) => ({ protocol: "tcp", from: port, to: port, network, why: "JSON-RPC and metrics" }));
}

/** Rules for SSH if the fleet names networks; without them, other security groups of the instances decide. */
function sshRules({ settings }: Host): IngressRule[] {
  return settings.ssh_networks.map((network) => ({
    protocol: "tcp",
    from: sshPort,
    to: sshPort,
    network,
    why: "SSH",
  }));
}

/** The networks that the fleet names for its recorders, or the recorders' addresses, merged into networks. */
function recorderNetworks({ launch }: Fleet, recorders: Fleet["recorders"]): string[] {
  if (recorders.length === 0) return [];
  const { recorder_networks } = launch.ec2;
  if (recorder_networks.length > 0) return recorder_networks;
  return mergedNetworks(recorders.map(({ private_ip_address }) => private_ip_address));
}

/** The smallest number of networks with exactly these addresses. */
export function mergedNetworks(addresses: readonly string[]): string[] {
  let blocks = new Set(addresses.map((address) => `${toNumber(address)}/32`));
  for (let bits = 32; bits > 0; bits--) {
    const size = 2 ** (32 - bits);
    const merged = new Set<string>();
    for (const block of blocks) {
      const [start = 0, length = 0] = block.split("/").map(Number);
      const low = start - (start % (2 * size));
      const buddy = low === start ? start + size : low;
      const both = length === bits && blocks.has(`${buddy}/${bits}`);
      merged.add(both ? `${low}/${bits - 1}` : block);
    }
    blocks = merged;
  }
  return [...blocks].map((block) => {
    const [start = 0, length = 0] = block.split("/").map(Number);
    return `${fromNumber(start)}/${length}`;
  });
}

function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address).octets.reduce((number, octet) => number * 256 + octet, 0);
}

function fromNumber(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

function ruleKey({ protocol, from, to, network }: IngressRule): string {
  return `${protocol} ${from}-${to} ${network}`;
}

/** The rules to add and to remove to bring the security group to the state of the fleet file. */
export function ingressChanges(
  wanted: readonly IngressRule[],
  there: readonly IpPermission[],
): { authorize: IpPermission[]; revoke: IpPermission[] } {
  const present = there.flatMap(singleNetworks);
  const keyOf = ({ IpProtocol, FromPort, ToPort, IpRanges }: IpPermission) =>
    `${IpProtocol} ${FromPort}-${ToPort} ${IpRanges?.[0]?.CidrIp}`;
  const keys = new Set(present.map(keyOf));
  const wantedKeys = new Set(wanted.map(ruleKey));
  return {
    authorize: wanted.filter((rule) => !keys.has(ruleKey(rule))).map(permission),
    revoke: present.filter((rule) => !wantedKeys.has(keyOf(rule))),
  };
}

function permission({ protocol, from, to, network, why }: IngressRule): IpPermission {
  return {
    IpProtocol: protocol,
    FromPort: from,
    ToPort: to,
    IpRanges: [{ CidrIp: network, Description: why }],
  };
}

/** EC2 merges rules of one port range. This splits them into one for each network (or other source). */
function singleNetworks(permission: IpPermission): IpPermission[] {
  const { IpProtocol, FromPort, ToPort } = permission;
  const base = { IpProtocol, FromPort, ToPort };
  return [
    ...(permission.IpRanges ?? []).map(({ CidrIp }) => ({ ...base, IpRanges: [{ CidrIp }] })),
    ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => ({ ...base, Ipv6Ranges: [{ CidrIpv6 }] })),
    ...(permission.UserIdGroupPairs ?? []).map(({ GroupId }) => ({
      ...base,
      UserIdGroupPairs: [{ GroupId }],
    })),
    ...(permission.PrefixListIds ?? []).map(({ PrefixListId }) => ({
      ...base,
      PrefixListIds: [{ PrefixListId }],
    })),
  ];
}
