import { secretForms } from "../../targets/lookup.js";
import type { Fault, Path } from "../fault.js";
import type { Fleet } from "../fleet.js";
import { formRule, hasForm, isPathOnHost, type SecretValue } from "../settings/secret-value.js";

export function bootstrapHasCredentials({ database }: Fleet): Fault[] {
  if (database.bootstrap !== "first-boot") return [];
  return (["dbuser_root", "dbpass_root"] as const)
    .filter((name) => database[name] === undefined)
    .map((name) => ({
      path: ["database", "bootstrap"],
      message: `is first-boot, which requires ${name}: the first host uses it to create the role and the database`,
      hint: "remove bootstrap and run `sip-proxy db init` instead",
    }));
}

export function passwordIsGiven({ database }: Fleet): Fault[] {
  if (database.dbpass_kam) return [];
  return [
    {
      path: ["database"],
      atKey: true,
      severity: "warning",
      message: "has no dbpass_kam: the proxies connect to the database without a password",
      hint: 'add dbpass_kam: "${env:NAME}", unless the database accepts this role without a password',
    },
  ];
}

/** Warnings about literal secrets: they work, but are readable in the fleet file and in user-data. */
export function literalSecrets(fleet: Fleet): Fault[] {
  const onHost = secretForms("shortForm")
    .map((form) => `"${form}"`)
    .join(", ");
  return literals(fleet).map(({ path }) => ({
    path,
    severity: "warning" as const,
    message: "is in plain text in the fleet file",
    hint: `write "\${env:NAME}", "\${file:PATH}", or a reference that the host resolves: ${onHost}`,
  }));
}

export function literalsHaveTheirForm(fleet: Fleet): Fault[] {
  return literals(fleet)
    .filter(({ text, form }) => !hasForm(text, form))
    .map(({ path, form }) => ({ path, message: formRule[form] }));
}

interface Literal {
  path: Path;
  text: string;
  form: "one line" | "key";
}

/** The literal secrets except certificates, each place of the fleet file once. */
function literals({ database, hosts }: Fleet): Literal[] {
  const found = new Map<string, Literal>();
  const add = (secret: SecretValue | undefined, path: Path, form: Literal["form"]) => {
    if (secret?.source.from === "literal")
      found.set(path.join("."), { path, text: secret.source.value, form });
  };
  for (const name of ["dbpass_kam", "dbpass_root"] as const)
    add(database[name], ["database", name], "one line");
  for (const { settings, origins, path } of hosts)
    for (const name of dialogSecrets) add(settings[name], origins.get(name) ?? path, "key");
  return [...found.values()];
}

const dialogSecrets = ["dialog_secret", "dialog_secret_other"] as const;

export function otherSecretHasOne({ hosts }: Fleet): Fault[] {
  return hosts
    .filter(({ settings }) => settings.dialog_secret_other && !settings.dialog_secret)
    .map(({ origins, path }) => ({
      path: origins.get("dialog_secret_other") ?? path,
      message: "requires dialog_secret too",
      hint: "if there is one secret only, set it as dialog_secret",
    }));
}

/** Literal certificates and keys must be PEM, or the path of a PEM file on the host. */
export function certificatesArePem({ database, hosts }: Fleet): Fault[] {
  return [
    ...notPem(database.dbsslrootcert, ["database", "dbsslrootcert"]),
    ...hosts.flatMap(({ settings, origins, path }) =>
      (["tls_certificate", "tls_private_key", "tls_ca"] as const).flatMap((name) =>
        notPem(settings[name], origins.get(name) ?? path),
      ),
    ),
  ];
}

function notPem(secret: SecretValue | undefined, path: Path): Fault[] {
  const source = secret?.source;
  if (source?.from !== "literal" || isPathOnHost(source.value) || hasForm(source.value, "PEM")) return [];
  return [
    {
      path,
      message: `${formRule.PEM}, or an absolute path on the host`,
      hint: 'write "${file:PATH}" to read it from a file on this machine',
    },
  ];
}

export function certificateHasKey({ hosts }: Fleet): Fault[] {
  return hosts.flatMap((host) => {
    const { tls_certificate, tls_private_key } = host.settings;
    if ((tls_certificate === undefined) === (tls_private_key === undefined)) return [];
    const [given, missing] = tls_certificate
      ? (["tls_certificate", "tls_private_key"] as const)
      : (["tls_private_key", "tls_certificate"] as const);
    return [{ path: host.origins.get(given) ?? host.path, message: `needs ${missing} too` }];
  });
}
