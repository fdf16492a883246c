import { integer } from "./types.js";
import { withDefault } from "./setting.js";

/** How a proxy stands in the SRV records that `sip-proxy dns` prints (RFC 2782). */
export const dnsSettings = {
  dns_priority: withDefault(
    integer(0, 65535),
    10,
    "Priority in the SRV records: platforms use the proxies with the lowest one that answers.",
  ),
  dns_weight: withDefault(
    integer(0, 65535),
    10,
    "Weight in the SRV records: the share of the calls among proxies of the same priority.",
  ),
};
