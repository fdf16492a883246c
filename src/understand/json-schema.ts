import { namedTargets } from "../targets/lookup.js";
import type { Target, TargetSettings } from "../targets/target.js";
import { databaseSettings } from "./settings/database.js";
import { groupAndProxySettings, hostSettings } from "./file-schema.js";
import { dnsZoneSettings } from "./settings/dns.js";
import { imageSettings } from "./settings/image.js";
import { proxySettings } from "./settings/proxy.js";
import { dispatcherColumns, recorderSettings } from "./settings/recorder.js";
import type { Setting, Settings } from "./settings/setting.js";
import { dnsLabel } from "./settings/types.js";

type Json = Record<string, unknown>;

/** The fleet file as a JSON Schema, for editors: names, kinds, defaults and help come from the settings table. */
export function fleetJsonSchema(): Json {
  const named = (description: string, inner: Json, names: Json) => ({
    type: "object",
    description,
    propertyNames: names,
    additionalProperties: inner,
  });
  const label = { pattern: dnsLabel.source };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:sip-proxy:fleet-file",
    title: "sip-proxy fleet file",
    type: "object",
    additionalProperties: false,
    required: ["fleet", "database", "recorders"],
    properties: {
      fleet: { type: "string", ...label, description: "Name of the fleet." },
      generation: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "Raise it to return to an earlier list of recorders.",
      },
      image: section(imageSettings, "What is baked.", {
        targets: object(
          "Where images are baked.",
          sections(({ image }) => image),
        ),
      }),
      database: section(databaseSettings, "The shared PostgreSQL database."),
      settings: section(proxySettings, "Settings of every proxy; the group and the host override them."),
      proxies: named("Single proxies by name.", section(hostSettings, "One proxy."), label),
      group: section(groupAndProxySettings, "An autoscaling group of proxies."),
      dns: section(dnsZoneSettings, "The records that `sip-proxy dns` prints."),
      recorders: named("Recorders by name.", section(recorderSettings, "One recorder."), {
        maxLength: dispatcherColumns.description,
      }),
      launch: object(
        "How hosts are launched.",
        sections(({ launch }) => launch),
      ),
    },
  };
}

/** A section for each target. */
function sections(sectionOf: (target: Target) => TargetSettings): Json {
  return Object.fromEntries(
    namedTargets.map(([name, target]) => {
      const { settings, description } = sectionOf(target);
      return [name, section(settings, description)];
    }),
  );
}

function object(description: string, properties: Json): Json {
  return { type: "object", description, additionalProperties: false, properties };
}

function section(settings: Settings, description: string, more: Json = {}): Json {
  const properties = Object.entries(settings).flatMap(([name, setting]) =>
    [name, ...(setting.aliases ?? [])].map((spelling) => [spelling, property(setting)] as const),
  );
  const required = Object.entries(settings).flatMap(([name, setting]) => (setting.required ? [name] : []));
  return {
    ...object(description, { ...Object.fromEntries(properties), ...more }),
    ...(required.length === 0 ? {} : { required }),
  };
}

function property({ kind, help, default: value }: Setting<unknown>): Json {
  return { ...kind.json, description: help, ...(value === undefined ? {} : { default: value }) };
}
