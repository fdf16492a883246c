import ipaddr from "ipaddr.js";
import type { Recorder } from "./fleet.js";

/** Whether a recorder is given by its host name, which hosts look up. */
export function isNamed({ private_ip_address }: Pick<Recorder, "private_ip_address">): boolean {
  return !ipaddr.IPv4.isValidFourPartDecimal(private_ip_address);
}

/** The URI of a recorder as it stands in the dispatcher table (the role's form). */
export function destination(
  recorder: Pick<Recorder, "private_ip_address" | "siprec_port" | "siprec_protocol">,
): string {
  return `sip:${recorder.private_ip_address}:${recorder.siprec_port};transport=${recorder.siprec_protocol}`;
}
