import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Fault } from "../../understand/fault.js";
import type { Host } from "../../understand/fleet.js";
import { hasForm } from "../../understand/settings/secret-value.js";
import type { Artefact } from "../artefact.js";
import { secretPath } from "./secrets.js";

/** A fault if certificate and key, when both are available, cannot be read or do not match. */
export function keyPairFaults(files: readonly Artefact[], { origins, path }: Host): Fault[] {
  const text = (name: "tls_certificate" | "tls_private_key") =>
    String(files.find((file) => file.path === secretPath(name))?.content ?? "");
  const [certificate, key] = [text("tls_certificate"), text("tls_private_key")];
  if (!hasForm(certificate, "PEM") || !hasForm(key, "PEM")) return [];
  const message = faultOf(certificate, key);
  return message === undefined ? [] : [{ path: origins.get("tls_private_key") ?? path, message }];
}

function faultOf(certificate: string, key: string): string | undefined {
  try {
    const belongs = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return belongs ? undefined : "must be the key of tls_certificate; it does not match";
  } catch (error) {
    return `must be a readable key, and tls_certificate a readable certificate: ${(error as Error).message}`;
  }
}
