import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hostPaths } from "../../../src/do/local/paths.js";
import { withTemporaryFolder } from "../../../src/do/temporary-folder.js";
import { median } from "../../support/median.js";
import { callgrind, countIn } from "../callgrind.js";
import { figure } from "../figures.js";
import { addresses, Row as Network } from "../media/network.js";
import { programsOf, RunningRelay, type RelayProgram } from "../media/relay.js";
import { senderFor, tell } from "../media/run.js";
import type { Row } from "../row.js";

/** RTPProxy 3.2.0, built as released (`./configure && make`). RTPPROXY_SOURCE names the same source, which is built as for an image. */
const asReleased = () => process.env["ROLE_RTPPROXY"];

/** The arguments of the role's unit, without its second control socket and its user. */
const roles = (program: string): RelayProgram => {
  const addressed = ["-A", addresses.relay, "-F", "-l", addresses.relay, "-m", "20000", "-M", "30000"];
  return {
    control: "udp:127.0.0.1:7722",
    argv: [program, "-f", ...addressed, "-s", "udp:*:7722", "-d", "INFO"],
  };
};

export const packets: Row = {
  name: "cpu-packets",
  test: "RTPProxy's instructions per packet, by callgrind, against 3.2.0 as released with the role's arguments (ROLE_RTPPROXY)",
  toHold: "no more than 1.0 x, three runs each, in turn",
  run: async () => {
    const released = asReleased();
    if (!released) throw new Error("ROLE_RTPPROXY names no program");
    return withTemporaryFolder(join(hostPaths().cache, "bench"), async (folder) => {
      const [own] = await programsOf("rtpproxy", 1, folder);
      if (!own) throw new Error("no instance");
      const [role, ours]: [number[], number[]] = [[], []];
      for (let turn = 0; turn < 3; turn++) {
        role.push(await perPacket(folder, roles(released)));
        ours.push(await perPacket(folder, own));
      }
      return [
        ...role.map((count, turn) => figure(`role, ${turn + 1}`, count)),
        ...ours.map((count, turn) => figure(`own, ${turn + 1}`, count)),
        figure("ratio", median(ours) / median(role), "", { atMost: 1 }),
      ];
    });
  },
};

/** The cost of further packets in the same time. RTPProxy's cost without packets cancels out. */
async function perPacket(folder: string, program: RelayProgram): Promise<number> {
  const [few, many] = [await relayed(folder, program, 2), await relayed(folder, program, 10)];
  return (many.instructions - few.instructions) / (many.packets - few.packets);
}

async function relayed(
  folder: string,
  { control, argv }: RelayProgram,
  calls: number,
): Promise<{ instructions: number; packets: number }> {
  const counts = join(folder, "counts");
  const network = new Network();
  await network.up("relay");
  const relay = RunningRelay.run("rtpproxy", network.namespace("relay"), [
    { control, argv: [...callgrind(counts), ...argv] },
  ]);
  try {
    const sender = await senderFor(network, relay, calls);
    try {
      await tell(sender, { send: true });
      await sleep(10_000);
      const { sent } = await tell(sender, { send: false });
      await relay.stop("SIGTERM");
      return { instructions: countIn(await readFile(counts, "utf8")), packets: sent };
    } finally {
      await sender.stop();
    }
  } finally {
    await relay.stop();
    await network.down();
  }
}
