import ipaddr from "ipaddr.js";
import type { Recorder } from "./fleet.js";

/** Whether a recorder's address is a host name, which hosts look up in DNS. */
export function isNamed({ private_ip_address }: Pick<Recorder, "private_ip_address">): boolean {
  return !ipaddr.IPv4.isValidFourPartDecimal(private_ip_address);
}

/** The URI of a recorder in the dispatcher table, in the Ansible role's form. */
export function destination(
  recorder: Pick<Recorder, "private_ip_address" | "siprec_port" | "siprec_protocol">,
): string {
  return `sip:${recorder.private_ip_address}:${recorder.siprec_port};transport=${recorder.siprec_protocol}`;
}
