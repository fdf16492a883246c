import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../src/do/process.js";

export interface Certificate {
  cert: string;
  key: string;
  /** In the form of `openssl x509 -fingerprint -sha256`. */
  fingerprint: string;
}

/** A certificate, self-signed or signed by a CA. */
export async function certificate(name: string, by?: Certificate): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "certificate-"));
  const at = (file: string) => join(folder, file);
  try {
    const signer = by === undefined ? [] : ["-CA", at("ca.pem"), "-CAkey", at("ca.key")];
    if (by) await Promise.all([writeFile(at("ca.pem"), by.cert), writeFile(at("ca.key"), by.key)]);
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    const files = ["-out", at("cert.pem"), "-keyout", at("key.pem")];
    await run({ argv: ["openssl", "req", "-x509", ...kind, "-subj", `/CN=${name}`, ...signer, ...files] });
    const print = ["openssl", "x509", "-in", at("cert.pem"), "-noout", "-fingerprint", "-sha256"] as const;
    return {
      cert: await readFile(at("cert.pem"), "utf8"),
      key: await readFile(at("key.pem"), "utf8"),
      fingerprint: (await run({ argv: print })).stdout,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
