import { groupSettings } from "../targets/groups.js";
import { namedTargets } from "../targets/lookup.js";
import type { Path } from "./fault.js";
import type { Fleet, Group, Host, ImageTargets, Launch } from "./fleet.js";
import type { FleetFile } from "./file-schema.js";
import type { Architecture } from "./settings/architecture.js";
import { databaseSettings } from "./settings/database.js";
import { dnsZoneSettings } from "./settings/dns.js";
import { imageSettings } from "./settings/image.js";
import { hostAddresses, proxySettings } from "./settings/proxy.js";
import { recorderSettings } from "./settings/recorder.js";
import { resolve, type Setting } from "./settings/setting.js";

/** Applies defaults and merges layers. The file has passed the schema, so no required setting is missing. */
export function resolveFleet(file: FleetFile): Fleet {
  const fleetWide = layer(["settings"], file.settings);
  const group = file.group && resolve(groupSettings, file.group);
  const image = resolve(imageSettings, file.image ?? {});
  return {
    name: file.fleet,
    generation: file.generation ?? 0,
    image: { ...image, targets: resolveImageTargets(file, image.architecture) },
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
    launch: resolveLaunch(file, image.architecture),
  };
}

function resolveImageTargets({ image: file }: FleetFile, architecture: Architecture): ImageTargets {
  const each = namedTargets.map(([name, { image }]) => {
    const given = file?.targets?.[name];
    const defaults = image.defaults?.(architecture) ?? {};
    const values = given || !image.onRequest ? resolve(image.settings, defaults, given ?? {}) : undefined;
    return [name, values] as const;
  });
  return Object.fromEntries(each) as ImageTargets;
}

function resolveLaunch({ image, launch: file }: FleetFile, architecture: Architecture): Launch {
  const each = namedTargets.map(([name, { launch }]) => {
    const defaults = launch.defaults?.(image?.targets?.[name], architecture) ?? {};
    return [name, resolve(launch.settings, defaults, file?.[name] ?? {})] as const;
  });
  return Object.fromEntries(each) as Launch;
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

/** The settings of the fleet, a group or a host, with the place of each in the file. */
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

/** Merges two layers. Settings of `near`, which is closer to the host, win. */
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

/** The name in the settings table for a name or alias. */
function nameOf(spelling: string): string {
  return aliasOf.get(spelling) ?? spelling;
}
