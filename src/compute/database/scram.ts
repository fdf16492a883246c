import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { saslprep } from "@mongodb-js/saslprep";

/** PostgreSQL's default (scram_iterations). */
const iterations = 4096;

/**
 * The SCRAM verifier that PostgreSQL stores: SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY (RFC 5803). With it, the
 * password itself reaches neither the server nor its log.
 */
export function scramVerifier(prepared: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(prepared, salt, iterations, 32, "sha256");
  const key = (text: string) => createHmac("sha256", salted).update(text).digest();
  const stored = createHash("sha256").update(key("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored}:${key("Server Key").toString("base64")}`;
}

/**
 * A password after SASLprep (RFC 4013), in the form that clients use. If SASLprep prohibits a character or leaves nothing, libpq uses the
 * original text, and other clients use the result: undefined if these differ.
 */
export function preparedPassword(password: string): string | undefined {
  return prepare(password) ?? (isKept(password) ? password : undefined);
}

function prepare(text: string): string | undefined {
  try {
    return saslprep(text) || undefined;
  } catch {
    return undefined;
  }
}

/** Whether SASLprep neither changes nor removes any of its characters. */
function isKept(text: string): boolean {
  const isMapped = (one: string) => (prepare(`a${one}a`) ?? `a${one}a`) !== `a${one}a`;
  return text.normalize("NFKC") === text && ![...text].some(isMapped);
}
