import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { namedTargets } from "../targets/lookup.js";
import type { Fault, Path } from "./fault.js";
import { lookUp } from "./look-up.js";
import { maskLogins } from "./mask-logins.js";
import { settingNames, settingsTable } from "./settings/table.js";

type Issue = z.core.$ZodIssue;

/** zod's issues as faults. `value` is the parsed YAML: messages show the value that was found. */
export function schemaFaults(issues: readonly Issue[], value: unknown): Fault[] {
  return issues.flatMap((issue) => issueFaults(issue, value));
}

function issueFaults(issue: Issue, value: unknown): Fault[] {
  const path = ofText(
    value,
    issue.path.filter((step) => typeof step !== "symbol"),
  );
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key]));
  if (issue.code === "invalid_key")
    return [{ path, atKey: true, message: `must be ${issue.issues[0]?.message ?? ""}` }];
  const there = lookUp(value, path);
  if (issue.code === "invalid_type") return [wrongShape(path, issue.expected, there)];
  const secret = settingNames.get(String(path.at(-1)))?.secret === true;
  const got = there === undefined ? "it is missing" : secret ? "" : `got ${show(there)}`;
  return [{ path, message: `must be ${issue.message}${got && `; ${got}`}` }];
}

function wrongShape(path: Path, expected: string, there: unknown): Fault {
  const [section] = path;
  const isHost = path.length === 2 && (section === "proxies" || section === "recorders");
  const mapping = isHost ? "a mapping, such as { private_ip_address: 10.0.0.3 }" : "a mapping (name: value)";
  const what = expected === "object" || expected === "record" ? mapping : expected;
  if (there === undefined && path.length === 0)
    return {
      path,
      message: "has no settings",
      hint: "start from a fleet file in examples/ or README.md",
    };
  if (there === undefined)
    return { path, atKey: true, message: `needs ${[...path.slice(-1).map(String), what].join(", ")}` };
  return { path, message: `must be ${what}; got ${show(there)}` };
}

/** An unknown key: the hint names the section where it belongs, or a similar name. */
function unknownKey(path: Path): Fault {
  const key = String(path.at(-1));
  const siblings = namesAt(path.slice(0, -1));
  const fault = { path, atKey: true, message: `unknown setting in this section` };
  const elsewhere = settingNames.get(key);
  if (elsewhere) return { ...fault, hint: `${key} belongs under ${elsewhere.places.join(", ")}` };
  if (path[0] === "recorders" && dispatcherAttributes.includes(key))
    return { ...fault, hint: `did you mean siprec_attrs: ${key}=…?` };
  const nearest = closestName(key, siblings);
  if (nearest !== undefined) return { ...fault, hint: `did you mean ${nearest}?` };
  return { ...fault, hint: `settings of this section: ${siblings.join(", ")}` };
}

/** Attributes of a dispatcher row that users may expect as settings of a recorder. */
const dispatcherAttributes = ["weight", "rweight", "duid", "maxload", "latency", "socket"];

function closestName(name: string, among: readonly string[]): string | undefined {
  if (among.length === 0) return undefined;
  const nearest = closest(name, [...among]);
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, name.length / 3)
    ? nearest
    : undefined;
}

const targetNames = namedTargets.map(([name]) => name);

const fixedNames: Record<string, readonly string[]> = {
  "": [
    "fleet",
    "generation",
    "image",
    "database",
    "settings",
    "proxies",
    "group",
    "recorders",
    "launch",
    "dns",
  ],
  image: ["targets"],
  "image.targets": targetNames,
  launch: targetNames,
};

/** The names that are allowed at a path, from the settings table. */
function namesAt(path: Path): string[] {
  const place = path
    .map((step, index) => (index === 1 && isNamed(path[0]) ? "NAME" : String(step)))
    .join(".");
  const fromTable = settingsTable
    .filter(({ places }) => places.includes(place))
    .flatMap(({ settings }) => Object.keys(settings));
  return [...fromTable, ...(fixedNames[place] ?? [])];
}

function isNamed(section: string | number | undefined): boolean {
  return section === "proxies" || section === "recorders";
}

/** The path of an item of a list, or of the list if it was written as one text ("1,2"). */
function ofText(value: unknown, path: Path): Path {
  const list = path.slice(0, -1);
  return typeof path.at(-1) === "number" && typeof lookUp(value, list) !== "object" ? list : path;
}

function show(value: unknown): string {
  const text = maskLogins(JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
