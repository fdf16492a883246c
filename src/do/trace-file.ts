import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { UserError } from "../errors.js";

/** A new file that only its owner can read, for data that arrives in parts. Throws UserError if it exists or cannot be written. */
export class TraceFile {
  readonly #handle: number;
  #isEmpty = true;

  constructor(
    readonly path: string,
    header: Buffer,
  ) {
    this.#handle = attempting(path, () => openSync(path, "wx", 0o600));
    this.#write(header);
  }

  add(packets: Buffer): void {
    this.#isEmpty &&= packets.length === 0;
    this.#write(packets);
  }

  #write(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;)
      from += attempting(this.path, () => writeSync(this.#handle, bytes, from));
  }

  /** Closes the file, and removes it if it has no packets, unless `keep`. Returns whether it exists. */
  close(keep: boolean): boolean {
    closeSync(this.#handle);
    if (keep || !this.#isEmpty) return true;
    unlinkSync(this.path);
    return false;
  }
}

function attempting<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new UserError(`${path} already exists`, { hint: "choose another file with --out" });
    throw new UserError(`cannot write ${path}: ${message}`, { cause: error });
  }
}
