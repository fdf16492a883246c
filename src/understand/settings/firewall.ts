import { withDefault } from "./setting.js";
import { cidr, flag, listOf } from "./types.js";

/** What the host's guard (nftables) filters besides the ports of SIP and RTP. */
export const firewallSettings = {
  host_firewall: withDefault(
    flag,
    false,
    "Close all ports of the host except SIP, RTP, SSH, http_port for http_allow, and the ports of image.packages (nftables).",
  ),
  ssh_networks: withDefault(
    listOf(cidr),
    [],
    "With host_firewall: networks that can connect to SSH (port 22); if unset, the host does not restrict SSH.",
  ),
};
