import type { Fault, Path } from "./fault.js";
import { lookUp } from "./schema-faults.js";
import { settingsTable } from "./settings/table.js";

/** Required settings that the file leaves out, each reported at the mapping that should hold it. */
export function missingFaults(value: unknown): Fault[] {
  return settingsTable.flatMap(({ places, settings }) => {
    const needed = Object.entries(settings).filter(([, { required }]) => required);
    return needed.length === 0
      ? []
      : places.flatMap((place) => mappingsAt(value, place)).flatMap((path) => missingAt(path, needed, value));
  });
}

function missingAt(
  path: Path,
  needed: readonly [string, { kind: { rule: string } }][],
  value: unknown,
): Fault[] {
  const mapping = lookUp(value, path) as Record<string, unknown>;
  return needed
    .filter(([name]) => mapping[name] === undefined)
    .map(([name, { kind }]) => ({ path, atKey: true, message: `needs ${name}: ${kind.rule}` }));
}

/** A setting given twice, by two of its spellings: nobody can say which one counts. */
export function aliasFaults(value: unknown): Fault[] {
  return settingsTable.flatMap(({ places, settings }) =>
    places
      .flatMap((place) => mappingsAt(value, place))
      .flatMap((path) => {
        const mapping = lookUp(value, path) as Record<string, unknown>;
        return Object.entries(settings).flatMap(([name, { aliases = [] }]) => {
          const spellings = [name, ...aliases].filter((spelling) => spelling in mapping);
          return spellings.slice(1).map((spelling) => ({
            path: [...path, spelling],
            atKey: true,
            message: `is another spelling of ${spellings[0] ?? ""}, which is also set; remove one of the two`,
          }));
        });
      }),
  );
}

/** The paths of the mappings that a place of the settings table stands for; NAME stands for each entry. */
function mappingsAt(value: unknown, place: string): Path[] {
  const paths = place.split(".").reduce<Path[]>(
    (found, step) =>
      found.flatMap((path): Path[] => {
        const inner = lookUp(value, path);
        if (!isMapping(inner)) return [];
        return step === "NAME" ? Object.keys(inner).map((name) => [...path, name]) : [[...path, step]];
      }),
    [[]],
  );
  return paths.filter((path) => isMapping(lookUp(value, path)));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
