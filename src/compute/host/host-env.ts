import type { MediaRelay } from "../../relay/media-relay.js";
import { relayOf } from "../../relay/registry.js";
import { relayUnits } from "../../relay/units.js";
import { groupName } from "../../targets/ec2/compute/names.js";
import type { Fleet, Group, Host } from "../../understand/fleet.js";
import { generatedNote } from "../artefact.js";
import { renderTemplate } from "../template.js";
import { sharedMemoryMiB } from "./kamailio-local.js";

/** What the host's scripts need to know, as shell assignments. Holds no secret. */
export function hostEnv(fleet: Fleet, host: Host, template: string): string {
  const { database, image } = fleet;
  const { settings } = host;
  return renderTemplate(template, {
    note: generatedNote(),
    variables: {
      FLEET: fleet.name,
      HOST: host.name,
      KIND: host.kind,
      PUBLIC_IP_ADDRESS: host.public_ip_address,
      PRIVATE_IP_ADDRESS: host.private_ip_address,
      SIP_UDP_PORT: settings.sip_udp_port,
      SIP_TCP_PORT: settings.sip_tcp_port,
      SIP_PRIVATE_PORT: settings.sip_private_port,
      SHARED_MEMORY_MIB: sharedMemoryMiB(host),
      ENABLE_TLS: yesNo(settings.enable_tls),
      ENABLE_METRICS: yesNo(settings.enable_metrics),
      ...relayVariables(relayOf(image), host),
      DBHOST: database.dbhost,
      DBPORT: database.dbport,
      DB_KAM: database.db_kam,
      DBUSER_KAM: database.dbuser_kam,
      DBSSLMODE: database.dbsslmode,
      BOOTSTRAP: database.bootstrap,
      ...(database.bootstrap === "first-boot"
        ? { DB_ROOT: database.db_root, DBUSER_ROOT: database.dbuser_root ?? "" }
        : {}),
      DISPATCHER_POLL: settings.dispatcher_poll,
      DRAIN_LIMIT: settings.drain_limit,
      ...endpoint(fleet),
      ...(host.kind === "group" && fleet.group ? groupVariables(fleet.name, fleet.group) : {}),
    },
  });
}

/** The names of its units, and in the same order where each is spoken to. */
function relayVariables(relay: MediaRelay, { settings }: Host): Record<string, string | number> {
  return {
    MEDIA_RELAY: relay.name,
    RELAY_UNITS: relayUnits(relay, settings).join(" "),
    RELAY_CONTROLS: relay
      .instances(settings)
      .map(({ control }) => control)
      .join(" "),
    RELAY_PROTOCOL: relay.protocol,
    RELAY_SESSIONS_PER_CALL: relay.sessionsPerCall,
  };
}

function endpoint({ launch }: Fleet): Record<string, string> {
  const { host_endpoint_url: url } = launch.ec2;
  return url === undefined ? {} : { AWS_ENDPOINT_URL: url };
}

/** For the scripts that speak for an instance to its autoscaling group. */
function groupVariables(fleet: string, group: Group): Record<string, string | number> {
  return {
    GROUP: groupName(fleet, group.name),
    LAUNCH_TIMEOUT: group.launch_timeout,
    TERMINATE_HEARTBEAT: group.terminate_heartbeat,
    PUBLISH_ACTIVE_CALLS: yesNo(group.target_calls !== undefined),
    ...(group.elastic_ip_pool === undefined ? {} : { ELASTIC_IP_POOL: group.elastic_ip_pool }),
  };
}

function yesNo(flag: boolean): string {
  return flag ? "yes" : "no";
}
