import type { HostLook } from "../../src/compute/operate/look.js";
import { viewOf, type Seen, type View } from "../../src/compute/operate/view.js";
import type { Recorder } from "../../src/understand/fleet.js";

const recorders = [
  { name: "recorder0", private_ip_address: "10.0.0.3", siprec_port: 5060, siprec_protocol: "udp" },
  { name: "recorder1", private_ip_address: "10.0.0.4", siprec_port: 5080, siprec_protocol: "tcp" },
] as Recorder[];
export const [first, second] = [
  "sip:10.0.0.3:5060;transport=udp",
  "sip:10.0.0.4:5080;transport=tcp",
] as const;

/** The answer of a working host without calls. */
export function look(more: Partial<HostLook> = {}): HostLook {
  const targets = [first, second].map((uri) => ({ set: 1, uri, flags: "AP", priority: 0 }));
  return {
    ...{
      targets,
      calls: [],
      count: 0,
      draining: false,
      leavesDns: false,
      ready: true,
      limit: 300,
      refused: {},
    },
    ...{ packagesAt: Date.UTC(2026, 10, 1) / 1000 },
    ...more,
  };
}

/** Calls from a platform at a recorder. */
export function callsOf(count: number, source: string, recorder: string | null) {
  return Array.from({ length: count }, (_, index) => ({
    ...{
      call_id: `${source}-${recorder}-${index}`,
      state: "up" as const,
      source,
      recorder,
      age_s: 1,
      streams: [],
    },
  }));
}

/** A fleet with two recorders, for these hosts. */
export function viewed(seen: readonly Seen[], before?: ReadonlyMap<string, HostLook["refused"]>): View {
  return viewOf({ name: "north", recorders }, seen, Date.UTC(2026, 10, 28), before);
}
