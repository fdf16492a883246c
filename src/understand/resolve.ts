import type { Path } from "./fault.js";
import type { Fleet, Group, Host } from "./fleet.js";
import type { FleetFile } from "./file-schema.js";
import { databaseSettings } from "./settings/database.js";
import { dnsZoneSettings } from "./settings/dns.js";
import { groupSettings } from "./settings/group.js";
import { imageEc2Settings, imageLocalSettings, imageSettings } from "./settings/image.js";
import { launchEc2Settings, launchLocalSettings } from "./settings/launch.js";
import { hostAddresses, proxySettings } from "./settings/proxy.js";
import { recorderSettings } from "./settings/recorder.js";
import { resolve, type Setting } from "./settings/setting.js";

/** Applies defaults and layers. The file has passed its schema: nothing that is required is missing. */
export function resolveFleet(file: FleetFile): Fleet {
  const targets = file.image?.targets ?? {};
  const fleetWide = layer(["settings"], file.settings);
  const group = file.group && resolve(groupSettings, file.group);
  const region = targets.ec2?.region;
  return {
    name: file.fleet,
    generation: file.generation ?? 0,
    image: {
      ...resolve(imageSettings, file.image ?? {}),
      targets: {
        local: resolve(imageLocalSettings, targets.local ?? {}),
        ec2: targets.ec2 && resolve(imageEc2Settings, targets.ec2),
      },
    },
    database: resolve(databaseSettings, file.database),
    hosts: [
      ...Object.entries(file.proxies ?? {}).map(([name, given]) => resolveProxy(name, given, fleetWide)),
      ...(group && file.group ? [resolveGroupHost(group, file.group, fleetWide)] : []),
    ],
    group,
    dns: resolve(dnsZoneSettings, file.dns ?? {}),
    recorders: Object.entries(file.recorders).map(([name, given]) => ({
      name,
      ...resolve(recorderSettings, given),
    })),
    launch: {
      local: resolve(launchLocalSettings, file.launch?.local ?? {}),
      ec2: resolve(launchEc2Settings, region === undefined ? {} : { region }, file.launch?.ec2 ?? {}),
    },
  };
}

type GivenProxy = NonNullable<FleetFile["proxies"]>[string];

function resolveProxy(name: string, given: GivenProxy, fleetWide: Layer): Host {
  const path = ["proxies", name];
  return {
    name,
    kind: "proxy",
    path,
    ...resolve(hostAddresses, given),
    ...merge(fleetWide, layer(path, given)),
  };
}

function resolveGroupHost(group: Group, given: NonNullable<FleetFile["group"]>, fleetWide: Layer): Host {
  const { name, public_ip_address, private_ip_address } = group;
  const path = ["group"];
  return {
    name,
    kind: "group",
    path,
    public_ip_address,
    private_ip_address,
    ...merge(fleetWide, layer(path, given)),
  };
}

/** Settings as given at one place, and where each of them stands. */
interface Layer {
  values: Record<string, unknown>;
  origins: ReadonlyMap<string, Path>;
}

function layer(path: Path, given: object = {}): Layer {
  const entries = Object.entries(given).map(([spelling, value]) => ({
    spelling,
    name: nameOf(spelling),
    value: value as unknown,
  }));
  return {
    values: Object.fromEntries(entries.map(({ name, value }) => [name, value])),
    origins: new Map(entries.map(({ name, spelling }) => [name, [...path, spelling]])),
  };
}

/** The nearer layer wins. */
function merge(far: Layer, near: Layer): Pick<Host, "settings" | "origins"> {
  return {
    settings: resolve(proxySettings, far.values, near.values),
    origins: new Map([...far.origins, ...near.origins]),
  };
}

const aliasOf: ReadonlyMap<string, string> = new Map(
  Object.entries<Setting<unknown>>(proxySettings).flatMap(([name, { aliases = [] }]) =>
    aliases.map((alias) => [alias, name] as const),
  ),
);

/** The name that the table uses for a spelling. */
function nameOf(spelling: string): string {
  return aliasOf.get(spelling) ?? spelling;
}
