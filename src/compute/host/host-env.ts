import { callsInRange } from "../../relay/capacity.js";
import type { MediaRelay } from "../../relay/media-relay.js";
import { relayOf } from "../../relay/registry.js";
import { relayUnits } from "../../relay/units.js";
import { groupSettings, groupVariables } from "../../targets/groups.js";
import { namedTargets } from "../../targets/lookup.js";
import type { Fleet, Host } from "../../understand/fleet.js";
import { databaseSettings } from "../../understand/settings/database.js";
import { imageSettings } from "../../understand/settings/image.js";
import { hostAddresses, proxySettings } from "../../understand/settings/proxy.js";
import { generatedNote } from "../artefact.js";
import { renderTemplate, type Scalar } from "../template.js";
import { groupContract, groupName, hostContract } from "./contract.js";
import { sharedMemoryMiB } from "./kamailio-local.js";
import { renderedTo } from "./rendered.js";

/** Variables for the host's scripts, as shell assignments. Contains no secrets. */
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
        ? {
            GROUP: groupName(fleet.name, fleet.group.name),
            ...groupContract,
            ...renderedTo("variable", groupSettings, fleet.group),
            ...groupVariables(fleet, fleet.group),
          }
        : {}),
    },
  });
}

/** The names of the relay's units and, in the same order, their control addresses. */
function relayVariables(relay: MediaRelay, { settings }: Host): Record<string, Scalar> {
  return {
    RELAY_UNITS: relayUnits(relay, settings).join(" "),
    RELAY_CONTROLS: relay
      .instances(settings)
      .map(({ control }) => control)
      .join(" "),
    RELAY_PROTOCOL: relay.protocol,
    RELAY_SESSIONS_PER_CALL: relay.sessionsPerCall,
    ...(relay.kernel
      ? {
          RELAY_KERNEL_MODULE: relay.kernel.module,
          RELAY_KERNEL_ARGUMENTS: relay.kernel.arguments(settings).join(" "),
        }
      : { KERNEL_FORWARDING: false }),
    CALLS_IN_RANGE: callsInRange(settings),
    CALLS_PER_CORE: settings.calls_per_core ?? relay.callsPerCore,
  };
}

/** Variables for all targets: the same user-data can be used on each of them. */
function targetVariables({ launch }: Fleet): Record<string, Scalar> {
  const variables = namedTargets.flatMap(([name, target]) =>
    Object.entries(renderedTo("variable", target.launch.settings, launch[name])),
  );
  return Object.fromEntries(variables);
}

/** Variables for the database. Only hosts that create the database get the administrator's role. */
function databaseVariables({ database }: Fleet): Record<string, Scalar> {
  const { db_root, dbuser_root, ...others } = databaseSettings;
  return {
    ...renderedTo("variable", others, database),
    ...(database.bootstrap === "first-boot"
      ? renderedTo("variable", { db_root, dbuser_root }, database)
      : {}),
  };
}
