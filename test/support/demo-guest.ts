import { join } from "node:path";
import type { SshTarget } from "../../src/compute/local/ssh.js";
import { demo } from "../../src/lab/demo/addresses.js";
import type { DemoWorld } from "../../src/lab/demo/world.js";

/** SSH access to a host of the demonstration. `state`: XDG_STATE_HOME of the command that has launched it. */
export const demoGuest = (
  { network }: DemoWorld,
  state: string,
  name: keyof typeof demo.proxies,
): SshTarget => ({
  host: demo.proxies[name].private_ip_address,
  port: 22,
  user: "debian",
  key: join(state, "sip-proxy/local", demo.fleet, ".ssh/id_ed25519"),
  netns: network.namespace("lan"),
});
