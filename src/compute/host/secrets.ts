import type { Fleet, Host } from "../../understand/fleet.js";
import { isPathOnHost, type SecretForm, type SecretValue } from "../../understand/settings/secret-value.js";
import type { Artefact } from "../artefact.js";

/** Returns the text of a secret that is resolved on this machine (literal, variable, file). Throws if it has the wrong form. */
export type Reveal = (secret: SecretValue, form: SecretForm, setting: string) => string;

/** The host's folder for secrets, and for references to secrets that the host resolves. */
const folder = "etc/sip-proxy/secrets";

/** The required form of each secret of a host, by the name of its setting. */
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

/** Path of a secret's text on the host. */
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

/** Not confidential: every client that connects sees these certificates. */
const inPublic: ReadonlySet<SecretName> = new Set(["dbsslrootcert", "tls_certificate", "tls_ca"]);

/** The secrets whose text is part of the host's user-data, by the name of their setting. */
export function secretsInUserData(fleet: Fleet, host: Host): SecretName[] {
  return [...hostSecrets(fleet, host)].flatMap(([name, secret]) =>
    inPublic.has(name) || referenceLine(secret, secretForms[name]) !== undefined ? [] : [name],
  );
}

/** One file for each secret, readable only by root: NAME contains the text, or NAME.ref a reference. */
export function secretFiles(fleet: Fleet, host: Host, reveal: Reveal): Artefact[] {
  return [...hostSecrets(fleet, host)].map(([name, secret]) => {
    const form = secretForms[name];
    const reference = referenceLine(secret, form);
    return reference === undefined
      ? { path: secretPath(name), content: reveal(secret, form, name), mode: 0o600 }
      : { path: `${secretPath(name)}.ref`, content: `${reference}\n`, mode: 0o600 };
  });
}

/** The reference for the host: its kind and arguments, or `path FILE`; undefined if the text is known here. */
function referenceLine(secret: SecretValue, form: SecretForm): string | undefined {
  const source = secret.source;
  if (source.from === "host") return [source.kind, ...source.words].filter(Boolean).join(" ");
  if (form === "PEM" && source.from === "literal" && isPathOnHost(source.value))
    return `path ${source.value}`;
  return undefined;
}
