import { isDeepStrictEqual } from "node:util";
import { databaseSettings } from "../../understand/settings/database.js";
import { roleDefaults } from "../../understand/settings/role-names.js";
import { isLoopback, ofRole, readRequired } from "./proxies.js";
import { readPassword } from "./secret.js";
import { readSetting, type Source } from "./setting-value.js";

/** The database that all proxies share, including values that are defaults of the role. */
export function readDatabase(sources: readonly Source[]): {
  database: Map<string, unknown>;
  defaulted: string[];
} {
  const database = new Map<string, unknown>();
  const defaulted: string[] = [];
  for (const [name, setting] of Object.entries(ofRole(databaseSettings))) {
    const value = setting.secret
      ? same(name, sources, (source) => readPassword(name, source))
      : same(name, sources, (source) =>
          (setting.required ? readRequired : readSetting)(name, setting, source),
        );
    const usual = roleDefaults[name]?.[0];
    if (value !== undefined) {
      if (!isDeepStrictEqual(value, setting.default)) database.set(name, written(value));
    } else if (usual !== undefined && sources.length > 0) {
      database.set(name, usual);
      defaulted.push(name);
    }
  }
  tellDatabase(database, defaulted, sources);
  return { database, defaulted };
}

/** A list of one is written without brackets. */
const written = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value);

/** The value of all proxies, which must be equal: a fleet file has one database. */
function same(name: string, sources: readonly Source[], read: (source: Source) => unknown): unknown {
  const values = sources.map((source) => read(source));
  const [first] = values;
  const other = values.findIndex((value) => !isDeepStrictEqual(value, first));
  if (other !== -1)
    sources[other]?.findings.problem(
      sources.map(({ host }) => host),
      {
        variable: name,
        message: "differs between the proxies, but a fleet has one database",
        hint: "run import once for each database with --limit GROUP, and create a fleet from each",
      },
    );
  return first;
}

function tellDatabase(
  database: Map<string, unknown>,
  defaulted: readonly string[],
  sources: readonly Source[],
): void {
  const [first] = sources;
  if (!first) return;
  const { findings } = first;
  const hosts = sources.map(({ host }) => host);
  if ([database.get("dbhost")].flat().some(isLoopback))
    findings.problem(hosts, {
      variable: "dbhost",
      message: "is the proxy itself, but an image contains no PostgreSQL",
      hint: "use the address at which all proxies reach the database server",
    });
  if (defaulted.includes("dbpass_kam"))
    findings.note(hosts, {
      variable: "dbpass_kam",
      message: `is not set: the database has the role's default password, ${roleDefaults["dbpass_kam"]?.[0] ?? ""}, which is public`,
      hint: "change it in the database and in the fleet file",
    });
  if (defaulted.includes("dbuser_root"))
    findings.note(hosts, {
      variable: "dbuser_root",
      message: "is not set: the role's default, miarec, is used",
    });
}
