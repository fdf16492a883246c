import { dnsLabel, integer, text } from "./types.js";
import { optional, withDefault } from "./setting.js";

/** How a proxy stands in the SRV records that `sip-proxy dns` prints (RFC 2782). */
export const dnsSettings = {
  dns_priority: withDefault(
    integer(0, 65535),
    10,
    "Priority in the SRV records. Platforms use the answering proxies with the lowest value.",
  ),
  dns_weight: withDefault(
    integer(0, 65535),
    10,
    "Weight in the SRV records: the proxy's share of the calls among proxies with the same priority.",
  ),
};

const label = dnsLabel.source.slice(1, -1);

/** The domain that platforms are given. No dot at its end, so that it reads the same in every setting. */
export const dnsDomain = text({
  rule: "a domain such as sip.example.com",
  pattern: new RegExp(`^${label}(\\.${label})+$`),
  max: 180,
});

/** The zone part of the records: one for the fleet. */
export const dnsZoneSettings = {
  domain: optional(dnsDomain, "Domain of the SRV records; `sip-proxy dns --domain` overrides it."),
  ttl: withDefault(
    integer(1, 604_800, { unit: "seconds" }),
    60,
    "Time to live of the records in seconds. After a proxy is removed, it can get new calls for this time.",
  ),
};
