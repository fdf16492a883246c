import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Reveal } from "../compute/host/secrets.js";
import { UserError } from "../errors.js";
import { formRule, hasForm, type SecretValue } from "../understand/settings/secret-value.js";

/**
 * Reads secrets that are resolved on this machine: literals, environment variables and files, whose paths are relative to the fleet
 * file. Throws UserError with the reference, never the value, if a secret does not exist or has the wrong form.
 */
export function secretReader(fleetFile: string, env: NodeJS.ProcessEnv = process.env): Reveal {
  return (secret, form, setting) => {
    const text = read(secret, fleetFile, env);
    if (hasForm(text, form)) return text;
    throw new UserError(`${setting} ${formRule[form]}; it is ${secret.describe()}`, {
      hint: "check for line breaks, and whether the file or variable is the right one",
    });
  };
}

function read(secret: SecretValue, fleetFile: string, env: NodeJS.ProcessEnv): string {
  const source = secret.source;
  if (source.from === "literal") return source.value;
  if (source.from === "env") return fromEnvironment(source.name, env);
  if (source.from === "file") return fromFile(resolve(dirname(fleetFile), source.path), secret.describe());
  throw new Error(`${secret.describe()} is resolved on the host`);
}

function fromEnvironment(name: string, env: NodeJS.ProcessEnv): string {
  const value = env[name];
  if (value !== undefined && value !== "") return value;
  const state = value === undefined ? "not set" : "empty";
  throw new UserError(`\${env:${name}}: the environment variable ${name} is ${state}`, {
    hint: `set it for this command, for example: read -rs ${name}; export ${name}`,
  });
}

function fromFile(path: string, reference: string): string {
  try {
    return readFileSync(path, "utf8").replace(/[\r\n]+$/, "");
  } catch (cause) {
    throw new UserError(`${reference}: cannot read ${path}`, {
      hint: "the path is relative to the fleet file",
      cause,
    });
  }
}
