import type { Fault, Path } from "./fault.js";
import { lookUp } from "./look-up.js";
import { settingsTable } from "./settings/table.js";

/** Required settings that are missing in the file. Each is reported at the mapping where it belongs. */
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

/** Settings that are given twice, by two of their names: it would not be clear which value applies. */
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

/** The paths of the mappings in the file that match a place of the settings table; NAME matches every entry. */
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
