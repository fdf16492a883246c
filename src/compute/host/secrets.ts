import type { Fleet, Host } from "../../understand/fleet.js";
import type { SecretValue } from "../../understand/settings/secret-value.js";
import type { Artefact } from "../artefact.js";

/** Gives the text of a secret that is resolved here (a literal, the environment, a file). */
export type Reveal = (secret: SecretValue) => string;

/** Where user-data puts secrets on the host, and references to those that the host resolves itself. */
const folder = "etc/sip-proxy/secrets";

/** The secrets that a host needs, by the name of their setting. */
export function hostSecrets(fleet: Fleet, host: Host): Map<string, SecretValue> {
  const { database } = fleet;
  const { settings } = host;
  const bootstraps = database.bootstrap === "first-boot";
  const all: [string, SecretValue | undefined][] = [
    ["dbpass_kam", database.dbpass_kam],
    ["dbpass_root", bootstraps ? database.dbpass_root : undefined],
    ["dbsslrootcert", database.dbsslrootcert],
    ["tls_certificate", settings.enable_tls ? settings.tls_certificate : undefined],
    ["tls_private_key", settings.enable_tls ? settings.tls_private_key : undefined],
    ["tls_ca", settings.enable_tls ? settings.tls_ca : undefined],
  ];
  return new Map(all.filter((entry): entry is [string, SecretValue] => entry[1] !== undefined));
}

/** One file a secret, readable by root alone: NAME holds its text, NAME.ref where the host finds it. */
export function secretFiles(fleet: Fleet, host: Host, reveal: Reveal): Artefact[] {
  return [...hostSecrets(fleet, host)].map(([name, secret]) => {
    const reference = referenceLine(secret);
    return reference === undefined
      ? { path: `${folder}/${name}`, content: reveal(secret), mode: 0o600 }
      : { path: `${folder}/${name}.ref`, content: `${reference}\n`, mode: 0o600 };
  });
}

/** How the host finds a secret: `secretsmanager ID [KEY]`, `ssm NAME` or `path FILE`; undefined when its text is given. */
function referenceLine(secret: SecretValue): string | undefined {
  const source = secret.source;
  if (source.from === "ssm") return `ssm ${source.id}`;
  if (source.from === "secretsmanager")
    return ["secretsmanager", source.id, source.key].filter(Boolean).join(" ");
  if (source.from === "literal" && /^\/[\w./-]+$/.test(source.value)) return `path ${source.value}`;
  return undefined;
}
