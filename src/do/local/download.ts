import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { UserError } from "../../errors.js";

/** Milliseconds without a byte after which a download is given up. */
const PATIENCE = 60_000;

export interface Download {
  url: string;
  /** SHA-256, hex. */
  sha256: string;
  file: string;
  /** What the fleet file calls it: begins the messages. */
  what: string;
  /** Looks at the first bytes (some KiB); says what is wrong with them. */
  look: (start: Buffer) => string | undefined;
  /** What the next action is where the network does not lead there. */
  hint: string;
}

/** Fetches a file, and sums it up as it comes. Throws UserError unless it is what the sum says; the file is then of no use. */
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

/** The query of a URL may be a signature that opens it. */
function withoutQuery(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}

/** fetch says no more than "fetch failed"; its cause does. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: unknown };
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
