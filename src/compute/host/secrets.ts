import type { Fleet, Host } from "../../understand/fleet.js";
import { isPathOnHost, type SecretForm, type SecretValue } from "../../understand/settings/secret-value.js";
import type { Artefact } from "../artefact.js";

/** Gives the text of a secret that is resolved here (a literal, the environment, a file), and refuses one of another form. */
export type Reveal = (secret: SecretValue, form: SecretForm, setting: string) => string;

/** Where user-data puts secrets on the host, and references to those that the host resolves itself. */
const folder = "etc/sip-proxy/secrets";

/** What each secret of a host must be, by the name of its setting. */
export const secretForms = {
  dbpass_kam: "one line",
  dbpass_root: "one line",
  dbsslrootcert: "PEM",
  dialog_secret: "key",
  dialog_secret_other: "key",
  tls_certificate: "PEM",
  tls_private_key: "PEM",
  tls_ca: "PEM",
} as const satisfies Record<string, SecretForm>;

type SecretName = keyof typeof secretForms;

/** Where a secret's text lies on the host. */
export const secretPath = (name: SecretName) => `${folder}/${name}`;

/** The secrets that a host needs, by the name of their setting. */
export function hostSecrets(fleet: Fleet, host: Host): Map<SecretName, SecretValue> {
  const { database } = fleet;
  const { settings } = host;
  const bootstraps = database.bootstrap === "first-boot";
  const all: [SecretName, SecretValue | undefined][] = [
    ["dbpass_kam", database.dbpass_kam],
    ["dbpass_root", bootstraps ? database.dbpass_root : undefined],
    ["dbsslrootcert", database.dbsslrootcert],
    ["dialog_secret", settings.dialog_secret],
    ["dialog_secret_other", settings.dialog_secret_other],
    ["tls_certificate", settings.enable_tls ? settings.tls_certificate : undefined],
    ["tls_private_key", settings.enable_tls ? settings.tls_private_key : undefined],
    ["tls_ca", settings.enable_tls ? settings.tls_ca : undefined],
  ];
  return new Map(all.filter((entry): entry is [SecretName, SecretValue] => entry[1] !== undefined));
}

/** Whoever connects sees these anyway. */
const inPublic: ReadonlySet<SecretName> = new Set(["dbsslrootcert", "tls_certificate", "tls_ca"]);

/** The secrets whose text is in the host's user-data, by the name of their setting. */
export function secretsInUserData(fleet: Fleet, host: Host): SecretName[] {
  return [...hostSecrets(fleet, host)].flatMap(([name, secret]) =>
    inPublic.has(name) || referenceLine(secret, secretForms[name]) !== undefined ? [] : [name],
  );
}

/** One file a secret, readable by root alone: NAME holds its text, NAME.ref where the host finds it. */
export function secretFiles(fleet: Fleet, host: Host, reveal: Reveal): Artefact[] {
  return [...hostSecrets(fleet, host)].map(([name, secret]) => {
    const form = secretForms[name];
    const reference = referenceLine(secret, form);
    return reference === undefined
      ? { path: secretPath(name), content: reveal(secret, form, name), mode: 0o600 }
      : { path: `${secretPath(name)}.ref`, content: `${reference}\n`, mode: 0o600 };
  });
}

/** How the host finds a secret: the reference's kind and words, or `path FILE`; undefined when its text is given. */
function referenceLine(secret: SecretValue, form: SecretForm): string | undefined {
  const source = secret.source;
  if (source.from === "host") return [source.kind, ...source.words].filter(Boolean).join(" ");
  if (form === "PEM" && source.from === "literal" && isPathOnHost(source.value))
    return `path ${source.value}`;
  return undefined;
}
