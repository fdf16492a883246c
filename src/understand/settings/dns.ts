import { dnsLabel, integer, text } from "./types.js";
import { optional, withDefault } from "./setting.js";

/** Values of a proxy for the SRV records that `sip-proxy dns` prints (RFC 2782). */
export const dnsSettings = {
  dns_priority: withDefault(
    integer(0, 65535),
    10,
    "Priority in the SRV records. Platforms use the proxies with the lowest value that answer.",
  ),
  dns_weight: withDefault(
    integer(0, 65535),
    10,
    "Weight in the SRV records: the proxy's share of the calls among proxies with the same priority.",
  ),
};

const label = dnsLabel.source.slice(1, -1);

/** The domain that platforms use. Without a dot at the end, so that all settings have the same form. */
export const dnsDomain = text({
  rule: "a domain such as sip.example.com",
  pattern: new RegExp(`^${label}(\\.${label})+$`),
  max: 180,
});

/** Settings of the DNS zone, one for the fleet. */
export const dnsZoneSettings = {
  domain: optional(dnsDomain, "Domain of the SRV records; `sip-proxy dns --domain` overrides it."),
  ttl: withDefault(
    integer(1, 604_800, { unit: "seconds" }),
    60,
    "Time to live of the records in seconds. After a proxy is removed, it can get new calls for this time.",
  ),
};
