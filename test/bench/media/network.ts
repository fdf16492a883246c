import { run } from "../../../src/do/process.js";
import { inNamespace } from "../../../src/lab/network.js";
import { newPrefix, removeNetwork } from "../../../src/lab/network/leftovers.js";

/** Addresses of the sender, the relay and the receiver. */
export const addresses = { platform: "203.0.113.10", relay: "10.0.0.1", recorder: "10.0.0.3" };
export type Part = keyof typeof addresses;

/** UDP ports of the platform's streams, of the relay, and of the recorder's streams. */
export const ports = { platform: 10_000, relay: [20_000, 59_999], recorder: 20_000 } as const;
/** The port of a stream, counted from 0: RTP uses even ports. */
export const portOf = (first: number, stream: number) => first + 2 * stream;

/** The way of RTP at the relay's host: through a relay, through nftables NAT only, or dropped there. */
export type At = "relay" | "nat" | "sink";

/** Counts RTP and drops it, to leave out the cost of a receiver's sockets. */
const sink = `table ip sink {
  counter arrived { }
  chain in { type filter hook prerouting priority raw; udp dport 10000-65535 counter name arrived drop; }
}`;

/** NAT of a gateway: each stream goes to the recorder's port of the same number, with the relay's address as source. */
const nat = `table ip nat {
  chain in { type nat hook prerouting priority dstnat; iifname "outer" udp dport 20000-59999 dnat to ${addresses.recorder}; }
  chain out { type nat hook postrouting priority srcnat; oifname "inner" snat to ${addresses.relay}; }
}`;

/** Three network namespaces in a row. */
export class Row {
  readonly #prefix = newPrefix();

  namespace(part: Part): string {
    return `${this.#prefix}-${part}`;
  }

  async up(at: At): Promise<void> {
    const [platform, relay, recorder] = (["platform", "relay", "recorder"] as const).map((part) =>
      this.namespace(part),
    );
    await this.#ip([
      ...[platform, relay, recorder].map((name) => `netns add ${name}`),
      `-n ${platform} link add eth0 type veth peer name outer netns ${relay}`,
      `-n ${recorder} link add eth0 type veth peer name inner netns ${relay}`,
      `-n ${platform} addr add ${addresses.platform}/24 dev eth0`,
      `-n ${relay} addr add 203.0.113.1/24 dev outer`,
      `-n ${relay} addr add ${addresses.relay}/24 dev inner`,
      `-n ${recorder} addr add ${addresses.recorder}/24 dev eth0`,
      ...[`${platform} link set eth0`, `${relay} link set outer`, `${relay} link set inner`].map(
        (link) => `-n ${link} up`,
      ),
      ...[`${recorder} link set eth0`, `${relay} link set lo`].map((link) => `-n ${link} up`),
      `-n ${platform} route add default via 203.0.113.1`,
    ]);
    await this.#nft("recorder", sink);
    if (at === "sink") await this.#nft("relay", sink);
    if (at !== "nat") return;
    await run({ argv: inNamespace(this.namespace("relay"), ["sysctl", "-qw", "net.ipv4.ip_forward=1"]) });
    await this.#nft("relay", nat);
  }

  /** Packets that have arrived at the counter. */
  async arrived(at: At): Promise<number> {
    const where = this.namespace(at === "sink" ? "relay" : "recorder");
    const { stdout } = await run({
      argv: inNamespace(where, ["nft", "list", "counter", "ip", "sink", "arrived"]),
    });
    return Number(/packets (\d+)/.exec(stdout)?.[1]);
  }

  down(): Promise<void> {
    return removeNetwork(this.#prefix);
  }

  async #ip(lines: string[]): Promise<void> {
    for (const line of lines) await run({ argv: ["ip", ...line.split(" ")] });
  }

  async #nft(part: Part, rules: string): Promise<void> {
    await run({ argv: inNamespace(this.namespace(part), ["nft", "-f", "-"]), input: rules });
  }
}
