import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { basename } from "node:path";

/** Debian's archives by their names on a mirror of snapshots. */
const archives: Readonly<Record<string, string>> = {
  debian: "http://deb.debian.org/debian",
  "debian-security": "http://deb.debian.org/debian-security",
};

/**
 * A mirror of snapshots with one time, for which it redirects to today's archives, as snapshot.debian.org redirects to its files. Only
 * the paths are played: packages that Debian no longer has are not here.
 */
export class SnapshotMirror {
  /** Files that were asked for, by name. */
  readonly asked = new Set<string>();
  /** Paths that it does not have. */
  readonly refused: string[] = [];
  #server: Server | undefined;

  /** `time`: as in a lock file (ISO 8601). Listens on an address of this machine that builders reach; returns the mirror's address. */
  async start(time: string): Promise<string> {
    const folder = time.replaceAll(/[-:]|\.\d+/g, "");
    const server = createServer(({ url = "" }, response) => {
      const [, name = "", at, path = ""] = /^\/archive\/([^/]+)\/([^/]+)(\/.*)$/.exec(url) ?? [];
      const archive = archives[name];
      if (archive === undefined || at !== folder) {
        this.refused.push(url);
        response.writeHead(404).end();
        return;
      }
      this.asked.add(basename(decodeURIComponent(path)));
      response.writeHead(302, { location: archive + path }).end();
    });
    this.#server = server;
    const address = ownAddress();
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return `http://${address}:${(server.address() as AddressInfo).port}/archive`;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

/** This machine's first address that is not loopback, which a builder has for itself. */
function ownAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  if (found === undefined) throw new Error("this machine has no address");
  return found.address;
}
