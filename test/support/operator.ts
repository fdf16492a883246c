import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellQuote } from "../../src/compute/quote/shell.js";
import { attempt, type Command, type Finished } from "../../src/do/process.js";
import { begin } from "./begin.js";
import type { CallLab } from "./call-lab.js";
import { cli } from "./demo-image.js";

/** Runs commands for a lab's fleet as an operator: in the database's network, with an `ssh` that leads to its proxies. */
export class Operator {
  readonly #folder = mkdtempSync(join(tmpdir(), "operator-"));
  readonly file = join(this.#folder, "fleet.yaml");

  constructor(private readonly lab: CallLab) {
    writeFileSync(this.file, lab.fleetText, { mode: 0o600 });
    const ways = lab.fleet.hosts.map(({ name, private_ip_address }) => {
      const enter = lab.proxy(name).sandbox.enter(["sh", "-c"]).map(shellQuote).join(" ");
      return `${private_ip_address}) exec ${enter} "$3" ;;`;
    });
    const script = [
      ...["#!/bin/sh", 'while [ "$1" != -- ]; do shift; done', "case $2 in", ...ways],
      ...['*) echo "ssh: connect to host $2 port 22: No route to host" >&2; exit 255 ;;', "esac"],
    ];
    writeFileSync(join(this.#folder, "ssh"), `${script.join("\n")}\n`, { mode: 0o755 });
  }

  /** Replaces a text in the fleet file, which is JSON, everywhere. */
  replace(text: string, by: string): void {
    const within = (value: string) => JSON.stringify(value).slice(1, -1);
    writeFileSync(this.file, readFileSync(this.file, "utf8").replaceAll(within(text), within(by)));
  }

  /** The path of a file beside it. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Writes a file beside it; its path. */
  keep(name: string, content: string): string {
    const file = join(this.#folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  /** Runs a command to its end: VERB… FLEET WORD…. */
  run(verbs: string, ...words: readonly string[]): Promise<Finished> {
    return attempt(this.#command(verbs, words));
  }

  /** The same; resolves when lines of its output have matched. `end` signals it to end. */
  begin(says: RegExp | readonly RegExp[], verbs: string, ...words: readonly string[]) {
    return begin(this.#command(verbs, words), ...[says].flat());
  }

  #command(verbs: string, words: readonly string[]): Command {
    const command = [...cli, ...verbs.split(" "), this.file, ...words];
    return {
      argv: this.lab.network.inNamespace("database", command),
      env: { PATH: `${this.#folder}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1" },
      timeout: 300_000,
    };
  }

  /** What a command prints with --json. */
  async json<T>(verbs: string, ...words: readonly string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await this.run(verbs, ...words, "--json");
    if (exitCode !== 0) throw new Error(`${verbs}: exit ${exitCode}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
