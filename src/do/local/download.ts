import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { UserError } from "../../errors.js";

/** Milliseconds without a byte after which a download fails. */
const PATIENCE = 60_000;

export interface Download {
  url: string;
  /** SHA-256, hex. */
  sha256: string;
  file: string;
  /** Its name in the fleet file: error messages begin with it. */
  what: string;
  /** Checks the first bytes (some KiB). Returns what is wrong with them. */
  look: (start: Buffer) => string | undefined;
  /** The hint if the server is not reachable. */
  hint: string;
}

/** Downloads a file and computes its SHA-256 meanwhile. Throws UserError if it differs; the file must not be used then. */
export async function download({ url, sha256, file, what, look, hint }: Download): Promise<void> {
  const where = withoutQuery(url);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error(`no data for ${PATIENCE / 1000} s`)), PATIENCE);
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    const response = await fetch(url, { signal: stop.signal });
    if (!response.ok || response.body === null)
      throw new UserError(`${what}: ${where} answers HTTP ${response.status}`, { hint });
    const watch = async function* (body: AsyncIterable<Uint8Array>) {
      for await (const chunk of body) {
        timer.refresh();
        const fault = bytes === 0 ? look(Buffer.from(chunk)) : undefined;
        if (fault !== undefined)
          throw new UserError(`${what}: the download from ${where} ${fault}`, { hint });
        bytes += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
    };
    await pipeline(response.body, watch, createWriteStream(file));
  } catch (error) {
    if (error instanceof UserError) throw error;
    const after = bytes === 0 ? "" : `, after ${(bytes / 2 ** 20).toFixed(1)} MiB`;
    throw new UserError(`${what}: ${where} cannot be fetched${after}: ${reasonOf(error)}`, {
      hint,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
  const found = hash.digest("hex");
  if (found === sha256) return;
  throw new UserError(`${what}: the download from ${where} does not match the checksum in the fleet file`, {
    hint: `sha256 is ${sha256}, the download has ${found}; if the publisher lists the latter, the URL has a newer file`,
  });
}

/** Removes the query from a URL, because it may be a signature that grants access. */
function withoutQuery(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}

/** The message of an error's cause: that of fetch itself is only "fetch failed". */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: unknown };
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
