import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { demo } from "../../../src/lab/demo/addresses.js";
import { writeFleet } from "../../support/demo-image.js";

/** The third proxy, and its addresses after a move. */
export const third = { public_ip_address: "198.51.100.12", private_ip_address: "10.0.0.5" };
export const moved = { public_ip_address: "198.51.100.13", private_ip_address: "10.0.0.6" };

export interface Addresses {
  public_ip_address: string;
  private_ip_address: string;
}

interface FleetFile {
  image: Record<string, unknown>;
  settings: Record<string, unknown>;
  proxies: Record<string, Addresses>;
  recorders: Record<string, object>;
}

/** The drill's fleet file, and the files in its folder. */
export class DrillFleet {
  readonly file: string;

  constructor(
    readonly folder: string,
    where: { netns: string; bridge: string },
  ) {
    this.file = writeFleet(folder, where);
    this.keep("dialog.secret", randomBytes(16).toString("hex"));
    this.edit((fleet) => {
      Object.assign(fleet, { fleet: "drill", proxies: { ...demo.proxies, sipproxy2: third } });
      const [tls_certificate, tls_private_key] = ["${file:tls.pem}", "${file:tls.key}"];
      Object.assign(fleet.settings, { enable_tls: true, tls_certificate, tls_private_key });
      // allows a platform to continue the calls of a dead proxy through another one
      Object.assign(fleet.settings, { dialog_secret: "${file:dialog.secret}" });
    });
  }

  get proxies(): Record<string, Addresses> {
    return this.#read().proxies;
  }

  edit(change: (fleet: FleetFile) => void): void {
    writeFileSync(this.file, changed(this.#read(), change));
  }

  /** Writes a changed copy of the fleet file into the same folder. */
  copy(name: string, change: (fleet: FleetFile) => void): string {
    const file = join(this.folder, name);
    writeFileSync(file, changed(this.#read(), change));
    return file;
  }

  /** Writes a file into the fleet file's folder. */
  keep(name: string, content: string): void {
    writeFileSync(join(this.folder, name), content, { mode: 0o600 });
  }

  #read(): FleetFile {
    return load(readFileSync(this.file, "utf8")) as FleetFile;
  }
}

function changed(fleet: FleetFile, change: (fleet: FleetFile) => void): string {
  change(fleet);
  return dump(fleet);
}
