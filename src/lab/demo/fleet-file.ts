import { dump } from "js-yaml";
import type { RelayName } from "../../relay/registry.js";
import type { EngineSetting } from "../../compute/local/machine.js";
import { demo } from "./addresses.js";

export interface DemoChoices {
  mediaRelay: RelayName;
  /** A local copy of RTPProxy's source, if one is used. */
  rtpproxySource?: string;
  /** How the hosts run, and the network that the demonstration connects them to. */
  launch?: { netns?: string; bridge?: string; engine?: EngineSetting };
}

/** The text of the demonstration's fleet file. It is an ordinary one, which users can read and change. */
export function demoFleetFile({ mediaRelay, rtpproxySource, launch }: DemoChoices): string {
  const file = {
    fleet: demo.fleet,
    image: {
      base: "debian-13",
      kamailio_version: "distro",
      media_relay: mediaRelay,
      // containers cannot use the module, and its build takes half of the bake
      ...(mediaRelay === "rtpengine" ? { kernel_forwarding: false } : {}),
      ...(rtpproxySource === undefined ? {} : { rtpproxy_source: { path: rtpproxySource } }),
    },
    database: {
      dbhost: demo.database,
      dbpass_kam: "${file:kamailio.password}",
      dbuser_root: "postgres",
      dbpass_root: "${file:postgres.password}",
    },
    settings: { trusted: ["203.0.113.0/24"], host_firewall: true },
    proxies: demo.proxies,
    recorders: demo.recorders,
    launch: { local: { gateway: demo.gateway, ...launch } },
  };
  return `# The fleet of \`npm start\`: two proxies, two recorders, one database.\n${dump(file, { lineWidth: 110, noRefs: true, flowLevel: 2 })}`;
}
