import { privateAddress, publicAddress, type MediaRelay } from "../../relay/media-relay.js";
import { relayOf } from "../../relay/registry.js";
import { environmentFile } from "../../relay/units.js";
import type { Fleet, Host } from "../../understand/fleet.js";
import { generatedNote, type Artefact } from "../artefact.js";
import { seedSql } from "../dispatcher/seed.js";
import { renderTemplate } from "../template.js";
import { fileList } from "../user-data/file-list.js";
import { addedFiles } from "./added-files.js";
import { guardValues } from "./guard.js";
import { hostEnv } from "./host-env.js";
import { kamailioLocal } from "./kamailio-local.js";
import { networksList } from "./networks.js";
import { secretFiles, type Reveal } from "./secrets.js";
import type { HostTemplates } from "./templates.js";

/**
 * Files below this folder contain placeholders for addresses. At every boot, the host replaces them and writes the result
 * to the same path below /, because addresses can change after a stop and start, but user-data cannot.
 */
export const addressedFolder = "etc/sip-proxy/addressed";

/** All files that user-data writes on a host. host.env is last: its presence means that the host is configured. */
export function hostFiles(fleet: Fleet, host: Host, templates: HostTemplates, reveal: Reveal): Artefact[] {
  const env = { path: "etc/sip-proxy/host.env", content: hostEnv(fleet, host, templates.hostEnv) };
  const files = [
    { path: "etc/kamailio/kamailio-local.cfg", content: kamailioLocal(fleet, host, templates.kamailioLocal) },
    { path: "etc/kamailio/networks.list", content: networksList(host.settings) },
    { path: "etc/sip-proxy/guard-values.nft", content: guardValues(fleet, host.settings) },
    ...relayLines(fleet, host),
    { path: "etc/kamailio/kamctlrc", content: kamctlrc(fleet, templates.kamctlrc) },
    ...addressedFiles(fleet, host).map((file) => ({ ...file, path: `${addressedFolder}/${file.path}` })),
    { path: "etc/sip-proxy/dispatcher-seed.sql", content: seedSql(fleet, templates) },
    ...secretFiles(fleet, host, reveal),
    ...addedFiles(host),
  ];
  return [...files, fileList([...files, env]), env];
}

/** The file with the relay's processes for Kamailio, if a relay can have several. */
function relayLines(fleet: Fleet, { settings }: Host): Artefact[] {
  const { lines } = relayOf(fleet.image).kamailio(settings);
  if (lines === undefined) return [];
  return [{ path: "etc/kamailio/kamailio-relays.cfg", content: [generatedNote(), ...lines, ""].join("\n") }];
}

/** The files with placeholders for addresses. */
function addressedFiles(fleet: Fleet, host: Host): Artefact[] {
  return [
    {
      path: "etc/kamailio/kamailio-addresses.cfg",
      content: [
        generatedNote(),
        `#!substdef "!PRIVATE_IP!${privateAddress}!g"`,
        `#!substdef "!PUBLIC_IP!${publicAddress}!g"`,
        "",
      ].join("\n"),
    },
    ...relayFiles(relayOf(fleet.image), host),
  ];
}

/** EnvironmentFiles for systemd, which splits OPTIONS at spaces. */
function relayFiles(relay: MediaRelay, { settings }: Host): Artefact[] {
  return relay.instances(settings).map((instance) => ({
    path: environmentFile(relay, instance),
    content: `${generatedNote()}\nOPTIONS="${instance.arguments.join(" ")}"\n`,
  }));
}

function kamctlrc({ database }: Fleet, template: string): string {
  const [dbhost, dbport] = [database.dbhost.join(), database.dbport.join()];
  const several = database.dbhost.length > 1;
  return renderTemplate(template, { note: generatedNote(), ...database, dbhost, dbport, several });
}

/** The same files with the addresses filled in; empty if the host gets its addresses at boot. */
export function filledIn(files: readonly Artefact[], host: Host): Artefact[] {
  const { private_ip_address, public_ip_address } = host;
  if (private_ip_address === "auto" || public_ip_address === "auto") return [];
  return files
    .filter(({ path }) => path.startsWith(`${addressedFolder}/`))
    .map(({ path, content }) => ({
      path: path.slice(addressedFolder.length + 1),
      content: String(content)
        .replaceAll(privateAddress, private_ip_address)
        .replaceAll(publicAddress, public_ip_address),
    }));
}
