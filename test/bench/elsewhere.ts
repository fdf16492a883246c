import { run } from "../../src/do/process.js";
import { callers, type CallLab } from "../support/call-lab.js";

/** Counts packets from the proxy to hosts other than platforms, recorders, its database and itself. */
const rules = (known: string[]) => `table inet bench {
  counter elsewhere {}
  chain output {
    type filter hook output priority filter; policy accept;
    oifname "lo" accept
    ip daddr { ${known.join(", ")} } accept
    counter name elsewhere
  }
}
`;

export async function countElsewhere(lab: CallLab, name = "sipproxy0"): Promise<void> {
  const { natted, platform, stranger } = callers;
  const known = [platform.address, natted.behind, stranger.address, ...lab.fleet.database.dbhost];
  const addresses = lab.fleet.recorders.map((recorder) => recorder.private_ip_address);
  await run({
    argv: lab.network.inNamespace(name, ["nft", "-f", "-"]),
    input: rules([...known, ...addresses]),
  });
}

/** The number of these packets since `countElsewhere`. */
export async function elsewhere(lab: CallLab, name = "sipproxy0"): Promise<number> {
  const { stdout } = await run({
    argv: lab.network.inNamespace(name, ["nft", "list", "counter", "inet", "bench", "elsewhere"]),
  });
  return Number(/packets (\d+)/.exec(stdout)?.[1] ?? NaN);
}
