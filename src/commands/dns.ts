import { print, printJson, talk } from "../cli/talk.js";
import { dnsRecords, givenTargets, type DnsTarget } from "../compute/dns/records.js";
import { zoneLines } from "../compute/dns/zone.js";
import { UsageError, UserError } from "../errors.js";
import { dnsDomain } from "../understand/settings/dns.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { loadFleet } from "./load-fleet.js";
import { withAws } from "./targets.js";

export interface DnsOptions {
  domain?: string;
  /** Ask EC2 for the addresses that the fleet file leaves to it. */
  target?: "ec2";
  format: "zone" | "json";
  json?: boolean;
}

/** `sip-proxy dns FLEET`: the records by which voice platforms find the proxies. */
export async function dns(file: string, options: DnsOptions): Promise<void> {
  const { fleet } = loadFleet(file);
  const domain = domainOf(fleet, options.domain);
  const open = fleet.hosts.filter(({ public_ip_address }) => public_ip_address === "auto");
  const found = options.target === "ec2" && open.length > 0 ? await askEc2(fleet, open) : [];
  tellMissing(open, found, options);
  const targets = [...givenTargets(fleet.hosts), ...found];
  if (targets.length === 0)
    throw new UserError(`no proxy of ${fleet.name} has a public address`, hintFor(options));
  const records = dnsRecords(domain, fleet.dns, targets);
  if (options.json || options.format === "json") printJson({ domain, records });
  else print(zoneLines(records));
}

function domainOf(fleet: Fleet, given: string | undefined): string {
  const domain = (given ?? fleet.dns.domain)?.replace(/\.$/, "");
  if (domain === undefined)
    throw new UsageError(
      "no domain is given",
      "--domain sip.example.com, or dns: { domain: sip.example.com } in the fleet file",
    );
  if (!dnsDomain.schema.safeParse(domain).success)
    throw new UsageError(`--domain must be ${dnsDomain.rule}; got ${domain}`);
  return domain.toLowerCase();
}

function askEc2(fleet: Fleet, hosts: readonly Host[]): Promise<DnsTarget[]> {
  return withAws(fleet.launch.ec2.region, false, async (aws) => {
    const { publicTargets } = await import("../targets/ec2/do/public-addresses.js");
    return (await Promise.all(hosts.map((host) => publicTargets(aws, fleet, host)))).flat();
  });
}

/** A record that is not there is a proxy without calls: each is said. */
function tellMissing(open: readonly Host[], found: readonly DnsTarget[], options: DnsOptions): void {
  for (const host of open.filter((one) => !found.some((target) => target.host === one))) {
    const why =
      options.target === "ec2"
        ? "EC2 knows no public address of it"
        : "its public_ip_address is auto (--target ec2 asks EC2 for it)";
    talk.warn(`no records for ${host.name}: ${why}`);
  }
}

function hintFor({ target }: DnsOptions): { hint: string } {
  return {
    hint:
      target === "ec2"
        ? "launch the hosts, or apply the group, first"
        : "give public_ip_address in the fleet file, or --target ec2 to ask EC2",
  };
}
