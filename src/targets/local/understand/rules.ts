import ipaddr from "ipaddr.js";
import { relayOf } from "../../../relay/registry.js";
import type { Fault } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";
import { localArchitecture } from "./architecture.js";
import { placeOf } from "../../../understand/rules/place-of.js";

/** Rules for this machine, in addition to those for all targets. */
export const localRules: readonly ((fleet: Fleet) => Fault[])[] = [
  coresHoldExpectedCalls,
  gatewayIsBesideTheHosts,
  othersMakeOtherArchitectures,
];

/** VMs must have the cores for expected_calls. Containers use this machine's cores, which the file does not contain: they check at boot. */
function coresHoldExpectedCalls({ hosts, image, launch }: Fleet): Fault[] {
  const { engine, cpus } = launch.local;
  if (engine !== "vm") return [];
  return hosts.flatMap((host) => {
    const { expected_calls, max_calls, calls_per_core = relayOf(image).callsPerCore } = host.settings;
    const held = max_calls ?? cpus * calls_per_core;
    if (expected_calls === undefined || expected_calls <= held) return [];
    return [
      {
        path: placeOf(host, "expected_calls"),
        severity: "warning" as const,
        message: `is more than one host can take: ${held} calls (launch.local.cpus ${cpus} x calls_per_core ${calls_per_core})`,
        hint: `set launch.local.cpus to ${Math.ceil(expected_calls / calls_per_core)} or more`,
      },
    ];
  });
}

/** Images of another architecture need another target: this one cannot make them. */
function othersMakeOtherArchitectures({ image }: Fleet): Fault[] {
  const others = Object.entries(image.targets).filter(([name, its]) => name !== "local" && its !== undefined);
  if (image.architecture === localArchitecture || others.length > 0) return [];
  return [
    {
      path: ["image", "architecture"],
      message: `is ${image.architecture}, but the fleet file has no EC2 target: local images are always ${localArchitecture}`,
      hint: "for EC2, add under image: targets: { ec2: { region: eu-west-1 } }; for local images, remove architecture",
    },
  ];
}

/** The gateway must be in the hosts' network: otherwise hosts cannot reach other networks. */
function gatewayIsBesideTheHosts({ hosts, launch }: Fleet): Fault[] {
  const { gateway, prefix_length } = launch.local;
  if (gateway === undefined) return [];
  const outside = hosts.find(
    ({ private_ip_address: address }) =>
      address !== "auto" && !ipaddr.parse(gateway).match(ipaddr.parse(address), prefix_length),
  );
  if (outside === undefined) return [];
  return [
    {
      path: ["launch", "local", "gateway"],
      message: `must be in the network of ${outside.name}, ${outside.private_ip_address}/${prefix_length}; got ${gateway}`,
      hint: `use the router's address in that network, or change prefix_length`,
    },
  ];
}
