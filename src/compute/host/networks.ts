import type { ProxySettings } from "../../understand/fleet.js";
import { generatedNote } from "../artefact.js";

/** Groups in the address file of Kamailio's permissions module; kamailio.cfg refers to them by number. */
const groups = { trusted: 1, http_allow: 2 } as const;

/** The networks that may place calls, and those that may use JSON-RPC and metrics; one per line: GROUP ADDRESS PREFIX-LENGTH. */
export function networksList(settings: ProxySettings): string {
  const lines = (["trusted", "http_allow"] as const).flatMap((name) =>
    settings[name].map((network) => `${groups[name]} ${network.replace("/", " ")}`),
  );
  return [generatedNote(), ...lines, ""].join("\n");
}
