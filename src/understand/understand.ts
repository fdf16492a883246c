import { distinct, type Fault } from "./fault.js";
import type { Fleet } from "./fleet.js";
import { fleetFileSchema } from "./file-schema.js";
import { aliasFaults, missingFaults } from "./mapping-faults.js";
import type { Source } from "./report.js";
import { resolveFleet } from "./resolve.js";
import { rules } from "./rules/index.js";
import { schemaFaults } from "./schema-faults.js";
import { parseYaml } from "./yaml/document.js";

/** The result for a fleet file. `fleet` is undefined if a fault is an error. */
export interface Understood {
  fleet: Fleet | undefined;
  faults: Fault[];
  source: Source;
}

/**
 * Understands a fleet file in stages: YAML, schema, rules. Each stage reports all its faults; the next stage starts only
 * if none of them is an error.
 */
export function understand(text: string, file: string): Understood {
  const document = parseYaml(text, file);
  if (!("positions" in document))
    return { fleet: undefined, faults: [document], source: { file, source: text } };
  const parsed = fleetFileSchema.safeParse(document.value);
  const faults = [
    ...missingFaults(document.value),
    ...aliasFaults(document.value),
    ...schemaFaults(parsed.error?.issues ?? [], document.value),
  ];
  if (!parsed.success || faults.length > 0) return { fleet: undefined, faults, source: document };
  const fleet = resolveFleet(parsed.data);
  const broken = distinct(rules.flatMap((rule) => rule(fleet)));
  const failed = broken.some(({ severity }) => severity !== "warning");
  return { fleet: failed ? undefined : fleet, faults: broken, source: document };
}
