import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../../src/do/process.js";

/** Fields of a package's entry in an archive's index, besides its name. */
export interface Entry {
  version: string;
  architecture?: string;
  /** Path of the package below the archive; without it, only the entry exists. */
  deb?: string;
}

/** An apt archive in a folder, signed with a new key. */
export class AptArchive {
  private constructor(
    readonly folder: string,
    private readonly home: string,
  ) {}

  /** `home`: a folder for keys. */
  static async make(folder: string, home: string): Promise<AptArchive> {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const archive = new AptArchive(folder, home);
    await archive.addKey("archive@example.com");
    return archive;
  }

  async addKey(name: string): Promise<void> {
    await this.gpg("--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never");
  }

  gpg(...words: string[]) {
    const argv = ["gpg", "--homedir", this.home, "--batch", "--quiet", "--yes", ...words] as const;
    return run({ argv, timeout: 60_000 });
  }

  /** The public keys. */
  async key(): Promise<string> {
    return (await this.gpg("--armor", "--export")).stdout;
  }

  /** Publishes packages in a suite; `fields` are those of its Release file. */
  async publish(
    suite: string,
    packages: Readonly<Record<string, Entry>>,
    architecture = "amd64",
    fields: Readonly<Record<string, string>> = { Origin: "Test" },
  ): Promise<void> {
    const index = Object.entries(packages)
      .map(([name, entry]) => this.#stanza(name, { architecture, ...entry }))
      .join("\n");
    const sum = createHash("sha256").update(index).digest("hex");
    const [dist, path] = [join(this.folder, "dists", suite), `main/binary-${architecture}/Packages`];
    this.write(join(dist, path), index);
    const release = {
      ...fields,
      ...{ Suite: suite, Codename: suite, Date: new Date().toUTCString().replace("GMT", "UTC") },
      ...{ Architectures: architecture, Components: "main" },
      SHA256: `\n ${sum} ${Buffer.byteLength(index)} ${path}`,
    };
    const lines = Object.entries(release).map(([name, value]) => `${name}: ${value}\n`);
    this.write(join(dist, "Release"), lines.join("").replace("SHA256: \n", "SHA256:\n"));
    await this.sign(suite);
  }

  /** Signs a suite's Release file; with another key than the first, if `by` names one. */
  async sign(suite: string, by?: string): Promise<void> {
    const release = join(this.folder, "dists", suite, "Release");
    const user = by === undefined ? [] : ["--local-user", by];
    await this.gpg(...user, "--clearsign", "--output", join(dirname(release), "InRelease"), release);
  }

  #stanza(name: string, { version, architecture = "amd64", deb }: Entry): string {
    const content = deb === undefined ? undefined : readFileSync(join(this.folder, deb));
    const sum = content === undefined ? "a".repeat(64) : createHash("sha256").update(content).digest("hex");
    const file = `Filename: ${deb ?? `pool/${name}.deb`}\nSize: ${content?.length ?? 1}\nSHA256: ${sum}\n`;
    return `Package: ${name}\nVersion: ${version}\nArchitecture: ${architecture}\nMaintainer: none\nDescription: -\n${file}`;
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Makes a package without files; returns its path below the archive. */
  async makePackage(name: string, version: string): Promise<string> {
    const [tree, deb] = [join(this.home, name, version), `pool/${name}_${version}.deb`];
    const control = `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nMaintainer: none\nDescription: -\n`;
    this.write(join(tree, "DEBIAN/control"), control);
    mkdirSync(join(this.folder, "pool"), { recursive: true });
    const argv = ["dpkg-deb", "--build", "--root-owner-group", tree, join(this.folder, deb)] as const;
    await run({ argv });
    return deb;
  }
}
