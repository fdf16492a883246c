import { join } from "node:path";
import { packageRoot } from "../../src/do/assets.js";
import { run } from "../../src/do/process.js";

const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");

/**
 * Runs shell lines in a separate network, with a folder as the host's root. They can use `guard`, `list ADDRESSES`, `shown` (the set of
 * recorders) and `network_beside`: the process id of a second network, which the caller must end.
 */
export async function inNetworkOf(root: string, lines: string, enter: string[] = []): Promise<string> {
  const words = `
    set -euo pipefail
    guard() { bash "$SIP_PROXY_LIB/guard" "$@"; }
    list() { for a in "$@"; do echo "1 sip:$a:5060;transport=tcp 0 0 weight=1"; done >"$SIP_PROXY_ROOT/var/lib/sip-proxy/dispatcher.list"; }
    shown() { nft list set ip sip_proxy recorders | grep elements || echo none; }
    # its first line comes from inside, so that nobody uses it before it is there
    network_beside() { head -n 1 < <(exec unshare --net bash -c 'echo $$; exec sleep 300 &>/dev/null'); }
    mkdir -p "$SIP_PROXY_ROOT/var/lib/sip-proxy"`;
  const { stdout } = await run({
    argv: ["unshare", "--net", ...enter, "bash", "-c", `${words}\n${lines}`],
    env: { SIP_PROXY_ROOT: root, SIP_PROXY_LIB: lib },
  });
  return stdout;
}
