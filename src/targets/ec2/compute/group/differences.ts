import { gunzipSync } from "node:zlib";
import { CORE_SCHEMA, load } from "js-yaml";

/** One field that differs; undefined: it does not exist, or must not exist. */
export interface Difference {
  field: string;
  from: string | undefined;
  to: string | undefined;
}

/** Fields that AWS adds. */
const ofAws: ReadonlySet<string> = new Set(["State", "$metadata"]);

/**
 * The differences between the current and the wanted state. User-data is compared as text, because the same text may be
 * compressed to other bytes. For user-data, only the paths of changed files are shown, because files may contain secrets.
 */
export function differences(from: object, to: object): Difference[] {
  const [before, after] = [flat(from), flat(to)];
  const fields = [...new Set([...before.keys(), ...after.keys()])];
  return fields
    .filter((field) => before.get(field) !== after.get(field))
    .flatMap((field) =>
      field === "UserData"
        ? userDataDifferences(before.get(field), after.get(field))
        : [{ field, from: before.get(field), to: after.get(field) }],
    );
}

/** A nested value as fields by path. Lists of tags are treated as mappings, other lists by index; empty lists are ignored. */
function flat(value: unknown, path = ""): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (Array.isArray(value)) return flat(asMapping(value), path);
  if (typeof value !== "object") {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return new Map([[path, path === "UserData" ? readUserData(text) : text]]);
  }
  return new Map(
    Object.entries(value)
      .filter(([name]) => !ofAws.has(name))
      .flatMap(([name, part]) => [...flat(part, path === "" ? name : `${path}.${name}`)]),
  );
}

/** Lists without a meaningful order, as mappings by the name of their items. */
function asMapping(list: readonly unknown[]): Record<string, unknown> {
  const items = list.map((item) =>
    typeof item === "object" && item !== null ? (item as Record<string, unknown>) : { item },
  );
  return Object.fromEntries(
    items.map((item, place) => {
      if (typeof item["Key"] === "string") return [item["Key"], item["Value"]];
      if (typeof item["ResourceType"] === "string") return [item["ResourceType"], item["Tags"]];
      return [String(place), "item" in item ? item["item"] : item];
    }),
  );
}

function readUserData(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  try {
    return gunzipSync(bytes).toString();
  } catch {
    return bytes.toString();
  }
}

/** The files of user-data that differ. */
function userDataDifferences(from = "", to = ""): Difference[] {
  const [before, after] = [filesOf(from), filesOf(to)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  if (paths.length === 0) return [{ field: "UserData", from: "(its text)", to: "(another text)" }];
  return paths.map((path) => ({
    field: `UserData ${path}`,
    from: before.has(path) ? "(there)" : undefined,
    to: after.has(path) ? (before.has(path) ? "(changed)" : "(new)") : undefined,
  }));
}

/** The files that a cloud-config writes, by path; none if the text is no cloud-config. */
function filesOf(text: string): Map<string, string> {
  try {
    const config = load(text, { schema: CORE_SCHEMA }) as { write_files?: { path: string }[] } | null;
    return new Map((config?.write_files ?? []).map((file) => [file.path, JSON.stringify(file)]));
  } catch {
    return new Map();
  }
}
