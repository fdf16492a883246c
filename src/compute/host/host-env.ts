import { callsInRange } from "../../relay/capacity.js";
import type { MediaRelay } from "../../relay/media-relay.js";
import { relayOf } from "../../relay/registry.js";
import { relayUnits } from "../../relay/units.js";
import { namedTargets } from "../../targets/lookup.js";
import type { Fleet, Group, Host } from "../../understand/fleet.js";
import { databaseSettings } from "../../understand/settings/database.js";
import { groupSettings } from "../../understand/settings/group.js";
import { imageSettings } from "../../understand/settings/image.js";
import { hostAddresses, proxySettings } from "../../understand/settings/proxy.js";
import { generatedNote } from "../artefact.js";
import { renderTemplate, type Scalar } from "../template.js";
import { dnsMarker, groupContract, groupName, hostContract } from "./contract.js";
import { sharedMemoryMiB } from "./kamailio-local.js";
import { renderedTo } from "./rendered.js";

/** What the host's scripts need to know, as shell assignments. Holds no secret. */
export function hostEnv(fleet: Fleet, host: Host, template: string): string {
  return renderTemplate(template, {
    note: generatedNote(),
    variables: {
      FLEET: fleet.name,
      HOST: host.name,
      KIND: host.kind,
      ...hostContract,
      ...renderedTo("variable", hostAddresses, host),
      ...renderedTo("variable", proxySettings, host.settings),
      SHARED_MEMORY_MIB: sharedMemoryMiB(host),
      ...renderedTo("variable", imageSettings, fleet.image),
      ...relayVariables(relayOf(fleet.image), host),
      ...databaseVariables(fleet),
      ...targetVariables(fleet),
      ...(host.kind === "group" && fleet.group
        ? { ...groupVariables(fleet.name, fleet.group), ...dnsVariables(fleet.group, fleet.dns) }
        : {}),
    },
  });
}

/** The names of its units, and in the same order where each is spoken to. */
function relayVariables(relay: MediaRelay, { settings }: Host): Record<string, Scalar> {
  return {
    RELAY_UNITS: relayUnits(relay, settings).join(" "),
    RELAY_CONTROLS: relay
      .instances(settings)
      .map(({ control }) => control)
      .join(" "),
    RELAY_PROTOCOL: relay.protocol,
    RELAY_SESSIONS_PER_CALL: relay.sessionsPerCall,
    ...(relay.kernel && {
      RELAY_KERNEL_MODULE: relay.kernel.module,
      RELAY_KERNEL_ARGUMENTS: relay.kernel.arguments(settings).join(" "),
    }),
    CALLS_IN_RANGE: callsInRange(settings),
    CALLS_PER_CORE: settings.calls_per_core ?? relay.callsPerCore,
  };
}

/** What the hosts of one target or another need, wherever this one will run. */
function targetVariables({ launch }: Fleet): Record<string, Scalar> {
  const variables = namedTargets.flatMap(([name, target]) =>
    Object.entries(renderedTo("variable", target.launch.settings, launch[name])),
  );
  return Object.fromEntries(variables);
}

/** The administrator's role is nobody's business but the host's that creates the database. */
function databaseVariables({ database }: Fleet): Record<string, Scalar> {
  const { db_root, dbuser_root, ...others } = databaseSettings;
  return {
    ...renderedTo("variable", others, database),
    ...(database.bootstrap === "first-boot"
      ? renderedTo("variable", { db_root, dbuser_root }, database)
      : {}),
  };
}

/** For the scripts that speak for an instance to its autoscaling group. */
function groupVariables(fleet: string, group: Group): Record<string, Scalar> {
  return {
    GROUP: groupName(fleet, group.name),
    ...groupContract,
    ...renderedTo("variable", groupSettings, group),
    PUBLISH_ACTIVE_CALLS: group.target_calls !== undefined,
    PUBLISH_ALARM_METRICS: group.alarm_actions.length > 0,
  };
}

/** For the agent that keeps the hosts' addresses in DNS. */
function dnsVariables({ hosted_zone_id, dns_address }: Group, { domain, ttl }: Fleet["dns"]) {
  if (hosted_zone_id === undefined || domain === undefined) return {};
  const name = domain.toLowerCase();
  return {
    DNS_ZONE: hosted_zone_id,
    DNS_NAME: name,
    DNS_MARKER: `${dnsMarker}.${name}`,
    DNS_TTL: ttl,
    DNS_ADDRESS: dns_address,
  };
}
