import type { Recorder } from "./fleet.js";

/** The URI of a recorder as it stands in the dispatcher table (the role's form). */
export function destination(
  recorder: Pick<Recorder, "private_ip_address" | "siprec_port" | "siprec_protocol">,
): string {
  return `sip:${recorder.private_ip_address}:${recorder.siprec_port};transport=${recorder.siprec_protocol}`;
}
