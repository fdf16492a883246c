import { distance } from "fastest-levenshtein";
import type { Path } from "../../understand/fault.js";
import { databaseSettings } from "../../understand/settings/database.js";
import { imageSettings } from "../../understand/settings/image.js";
import { hostAddresses, proxySettings } from "../../understand/settings/proxy.js";
import { recorderSettings } from "../../understand/settings/recorder.js";
import { roleDefaults, roleGroups, unusedByRole } from "../../understand/settings/role-names.js";
import { understand } from "../../understand/understand.js";
import { tellContested } from "./contested.js";
import { readDatabase } from "./database.js";
import { fleetFileText, type Part } from "./document.js";
import { Findings, type Finding } from "./findings.js";
import type { Inventory } from "./inventory.js";
import { isLoopback, ofRole, readProxies, share, type Proxy } from "./proxies.js";
import { readRecorders, type ImportedRecorder } from "./recorders.js";
import { firstWord } from "./secret.js";
import { readSetting, spellingsOf, type Source } from "./setting-value.js";
import { Numeral, textOf } from "./values.js";

/** The result of an import. The text is valid only if there is no problem. */
export interface Imported {
  text: string;
  notes: Finding[];
  problems: Finding[];
}

/** The groups of proxies and recorders, if they do not have the names in the role's README. */
export interface Chosen {
  proxies?: string;
  recorders?: string;
}

/** Converts an inventory of the role to a fleet file, with notes and problems. */
export function importInventory(inventory: Inventory, chosen: Chosen = {}): Imported {
  const findings = new Findings(inventory);
  const sourceOf = (host: string): Source => ({
    host,
    variables: inventory.hosts.get(host) ?? {},
    inventory,
    findings,
  });
  const proxyHosts = inventory.played ?? membersOf("proxies", chosen, inventory, findings);
  const sources = proxyHosts.map(sourceOf);
  const listed = chosen.recorders === undefined && sources.some(hasDestinations);
  const recorderHosts = listed ? [] : membersOf("recorders", chosen, inventory, findings);

  const database = readDatabase(sources);
  const proxies = readProxies(sources);
  for (const proxy of proxies) tellOwnHost(proxy, recorderHosts, findings);
  const others = recorderHosts.filter((host) => !proxyHosts.includes(host));
  const recorders = readRecorders(others, proxies, sourceOf);
  const image = readImage(sources);
  for (const source of [...sources, ...others.map(sourceOf)]) tellStrays(source);
  for (const { host } of sources) tellContested(host, roleVariables, inventory, findings);

  const text = fleetFileText(
    [
      `From the Ansible inventory ${inventory.name}, by sip-proxy import.`,
      "Settings that are not here have their defaults (docs/settings.md).",
    ],
    partsOf(image, database, proxies, recorders, findings.problems.length > 0),
  );
  checkText(text, proxies, findings);
  return { text, notes: findings.notes, problems: findings.problems };
}

function hasDestinations({ variables }: Source): boolean {
  return spellingsOf("dispatcher_destinations").some((name) => Array.isArray(variables[name]));
}

/** The hosts of the chosen group, or else of the group with the name in the role's README. */
function membersOf(
  kind: keyof typeof roleGroups,
  chosen: Chosen,
  { groups }: Inventory,
  findings: Findings,
): readonly string[] {
  const wanted = chosen[kind];
  const names = [...groups.keys()].filter((name) =>
    wanted === undefined ? roleGroups[kind].test(name) : name === wanted,
  );
  const hosts = [...new Set(names.flatMap((name) => groups.get(name) ?? []))];
  if (hosts.length > 0) return hosts;
  const known = [...groups].flatMap(([name, members]) =>
    members.length > 0 && name !== "all" ? [name] : [],
  );
  const option = `--${kind} GROUP${kind === "proxies" ? ", or the role's playbook with --playbook" : ""}`;
  findings.problem([], {
    message: `no ${kind} found: the inventory has no group ${wanted ?? (kind === "proxies" ? "sipproxy" : "recorder")} with hosts`,
    hint:
      known.length > 0
        ? `specify the group with ${option}; choose from: ${known.join(", ")}`
        : `put the ${kind} into a group of the inventory, and specify it with --${kind} GROUP`,
  });
  return [];
}

/** Reports a proxy that is also a recorder, or that has no address. */
function tellOwnHost({ host, addresses }: Proxy, recorders: readonly string[], findings: Findings): void {
  const address = String(addresses.get("private_ip_address"));
  const variable = "private_ip_address";
  if (recorders.includes(host))
    findings.problem(host, {
      variable,
      message: `is ${address} for both a proxy and a recorder, but a proxy from an image is a separate host`,
      hint: "remove the host from one of the two groups, and give the proxy its own address",
    });
  else if (isLoopback(address))
    findings.problem(host, {
      variable,
      message: `is ${address}, which other hosts cannot reach`,
      hint: "use the address of the host in its network",
    });
}

/** Oldest supported branch of Kamailio. */
const oldestKamailio = [5, 5] as const;

function readImage(sources: readonly Source[]): Map<string, unknown> {
  const image = new Map<string, unknown>([["media_relay", "rtpproxy"]]);
  const [source] = sources;
  const raw = source?.variables["kamailio_version"];
  if (source === undefined || raw === undefined || raw === null) return image;
  const text = textOf(raw);
  if (roleDefaults["kamailio_version"]?.includes(text)) return image;
  const [major = 0, minor = 0] = text.split(".").map(Number);
  const old = major < oldestKamailio[0] || (major === oldestKamailio[0] && minor < oldestKamailio[1]);
  const written =
    source.inventory.occurrences.get("kamailio_version")?.map((place) => firstWord(place.text)) ?? [];
  const lost = raw instanceof Numeral && !written.includes(raw.text) ? written[0] : undefined;
  const note = (message: string) =>
    source.findings.note(
      sources.map(({ host }) => host),
      { variable: "kamailio_version", message },
    );
  if (lost !== undefined || old)
    note(
      `is ${text} for Ansible${lost === undefined ? "" : ` (written as ${lost})`}: it is not converted; the image gets the Kamailio package of its base`,
    );
  else if (Number.isNaN(major)) {
    note(`is ${text}, a branch or tag of Kamailio's repository: it is built from source, as the role did`);
    image.set("kamailio_version", `git:${text}`);
  } else
    image.set("kamailio_version", readSetting("kamailio_version", imageSettings.kamailio_version, source));
  return image;
}

const roleSections = [hostAddresses, proxySettings, recorderSettings, databaseSettings, imageSettings].map(
  ofRole,
);

/** All names of the role's variables. */
export const roleVariables: ReadonlySet<string> = new Set([
  ...roleSections.flatMap((settings) =>
    Object.entries(settings).flatMap(([name, setting]) => spellingsOf(name, setting)),
  ),
  ...spellingsOf("dispatcher_destinations"),
  "siprec_set",
]);

/** Largest edit distance at which a name counts as a typing error. */
const slip = 2;

/** Notes variables with names similar to the role's. */
function tellStrays({ host, variables, findings }: Source): void {
  for (const variable of Object.keys(variables)) {
    if (roleVariables.has(variable)) continue;
    const near = [...roleVariables].find((name) => name.length > 6 && distance(name, variable) <= slip);
    if (near !== undefined || unusedByRole.includes(variable))
      findings.note(host, {
        variable,
        message: "is not a variable of the role: it had no effect and is not converted",
        ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
      });
  }
}

/** The parts of the fleet file. With problems, missing addresses get placeholders, so that the rules can still be checked. */
function partsOf(
  image: Map<string, unknown>,
  { database, defaulted }: ReturnType<typeof readDatabase>,
  proxies: readonly Proxy[],
  recorders: readonly ImportedRecorder[],
  incomplete: boolean,
): Part[] {
  let used = 0;
  const standIn = (given: Map<string, unknown>, name: string): void => {
    if (incomplete && (!given.has(name) || isLoopback(given.get(name))))
      given.set(name, `192.0.2.${++used % 250}`); // addresses for documentation, RFC 5737
  };
  for (const { addresses } of proxies) Object.keys(hostAddresses).forEach((name) => standIn(addresses, name));
  for (const { settings } of recorders) standIn(settings, "private_ip_address");
  standIn(database, "dbhost");
  const { shared, own } = share(proxies);
  const byDefault = Object.fromEntries(defaulted.map((name) => [name, "the role's default"]));
  return [
    { key: "image", entries: image },
    { key: "database", entries: database, comments: byDefault },
    {
      key: "settings",
      above: [
        "The inventory does not contain the voice platform's networks. Without them, calls are accepted from every address. Add to settings:",
        "  trusted: [the voice platform's networks]",
      ],
      entries: new Map([["host_firewall", true], ...shared]),
      comments: { host_firewall: "closes all ports but those of SIP, RTP and SSH" },
    },
    {
      key: "proxies",
      entries: new Map(
        proxies.map(({ name, addresses }, index) => [name, new Map([...addresses, ...(own[index] ?? [])])]),
      ),
    },
    { key: "recorders", entries: new Map(recorders.map(({ name, settings }) => [name, settings])) },
  ];
}

/** Checks the text with the rules of fleet files: errors are problems, warnings are notes. */
function checkText(text: string, proxies: readonly Proxy[], findings: Findings): void {
  const none = findings.problems.some(({ hosts }) => hosts.length === 0);
  if (none) return; // without proxies or recorders, every rule would fail
  for (const { path, message, hint, severity } of understand(text, "fleet.yaml").faults) {
    const [section, name, variable] = path.map(String);
    const told = {
      ...(variable && { variable }),
      message: `${placeText(path)}${message}`,
      ...(hint && { hint }),
    };
    const host =
      proxies.find((proxy) => section === "proxies" && proxy.name === name)?.host ??
      (section === "recorders" ? name : undefined);
    if (severity === "warning") findings.note(host ?? [], told);
    else findings.problem(host ?? [], told);
  }
}

/** The place in the fleet file of a fault that is not about a host. */
function placeText(path: Path): string {
  return path[0] === "proxies" || path[0] === "recorders" ? "" : `${path.join(".")} `;
}
