import { print, printJson, talk } from "../cli/talk.js";
import { dnsRecords, givenTargets, keptTarget, type DnsTarget } from "../compute/dns/records.js";
import { zoneLines } from "../compute/dns/zone.js";
import { UsageError, UserError } from "../errors.js";
import { keepsRecords } from "../targets/groups.js";
import { operationsOf, targetsWith, type TargetName } from "../targets/lookup.js";
import { targets } from "../targets/registry.js";
import { dnsDomain } from "../understand/settings/dns.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { loadFleet } from "./load-fleet.js";

export interface DnsOptions {
  domain?: string;
  /** The target to query for addresses that are `auto` in the fleet file. */
  target?: TargetName;
  format: "zone" | "json";
  json?: boolean;
}

/** `sip-proxy dns FLEET`: prints the DNS records by which voice platforms find the proxies. */
export async function dns(file: string, options: DnsOptions): Promise<void> {
  const { fleet } = loadFleet(file);
  const domain = domainOf(fleet, options.domain);
  const keepsOwn = ({ kind }: Host) =>
    kind === "group" && fleet.group !== undefined && keepsRecords(fleet.group);
  const kept = fleet.hosts.filter(keepsOwn);
  const asked = fleet.hosts.filter((host) => !keepsOwn(host));
  const open = asked.filter(({ public_ip_address }) => public_ip_address === "auto");
  const found = open.length > 0 ? await ask(options.target, fleet, open) : [];
  tellMissing(open, found, options);
  const targets = [...kept.map(keptTarget), ...givenTargets(asked), ...found];
  for (const { name } of kept) talk.note(`the A records of ${domain} are kept by the instances of ${name}`);
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

async function ask(
  target: TargetName | undefined,
  fleet: Fleet,
  hosts: readonly Host[],
): Promise<DnsTarget[]> {
  if (target === undefined) return [];
  const { addresses } = await operationsOf(target);
  return (await addresses?.(fleet, hosts)) ?? [];
}

/** Targets that know addresses: as options, and as words for messages. */
const askable = targetsWith("addresses");
const options = askable.map(([name]) => `--target ${name}`).join(" or ");
const nouns = askable.map(([, { noun }]) => noun).join(" or ");

/** Warns about each missing record, because a proxy without a record gets no calls. */
function tellMissing(open: readonly Host[], found: readonly DnsTarget[], { target }: DnsOptions): void {
  for (const host of open.filter((one) => !found.some(({ host: known }) => known === one))) {
    const why =
      target === undefined
        ? `its public_ip_address is auto (${options} looks it up in ${nouns})`
        : `${targets[target].noun} has no public address for it`;
    talk.warn(`no records for ${host.name}: ${why}`);
  }
}

function hintFor({ target }: DnsOptions): { hint: string } {
  return {
    hint:
      target === undefined
        ? `set public_ip_address in the fleet file, or use ${options} to look it up in ${nouns}`
        : "launch the hosts, or apply the group, first",
  };
}
