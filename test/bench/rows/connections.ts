import type { Relay } from "../../support/call-lab.js";
import { crowd } from "../../support/crowd.js";
import { figure, none, type Figure } from "../figures.js";
import { failed, withLab } from "../lab.js";
import type { Row } from "../row.js";

const transports = ["tcp", "tls"] as const;
const tried = 10_000;
const calls = 200;

/** TCP connections without requests, beside calls that each use a separate connection. */
export const connections: readonly Row[] = transports.map((transport) => ({
  name: `connections-${transport}`,
  test: `a stranger tries ${tried} idle connections over ${transport}, beside calls on new connections`,
  toHold: "0 of the platform's calls lost, with `trusted` and without",
  run: async (relay: Relay) => [
    ...(await beside(relay, transport, "with `trusted`", {})),
    ...(await beside(relay, transport, "without", { trusted: [], enable_antiflood: false })),
  ],
}));

function beside(relay: Relay, transport: "tcp" | "tls", title: string, settings: object): Promise<Figure[]> {
  return withLab(relay, { settings: { enable_tls: true, ...settings } }, async (lab) => {
    const target = lab.target(transport);
    const platform = await lab.place({
      calls,
      connections: calls,
      kind: "tcp-source-port",
      targets: [target],
      rate: 20,
      holdMs: 300,
      rtp: { rate: 10 },
      quiet: true,
    });
    const strangers = await crowd(lab, { target, connections: tried, holdMs: 3000 });
    const report = await platform.finished;
    const { broken } = report.summary.outcomes;
    return [
      figure(`${title}: tried`, strangers.tried, "", { is: tried }),
      none("calls lost", failed(report) + broken),
      figure("set-up max", report.summary.setUpMs.max, "ms"),
    ];
  });
}
