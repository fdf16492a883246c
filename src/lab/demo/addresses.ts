/** The demonstration's network: the README's picture, with addresses that are reserved for documentation (RFC 5737). */
export const demo = {
  fleet: "demo",
  platform: "203.0.113.10",
  gateway: "10.0.0.254",
  bridge: "10.0.0.253",
  database: "10.0.0.9",
  proxies: {
    sipproxy0: { public_ip_address: "198.51.100.10", private_ip_address: "10.0.0.1" },
    sipproxy1: { public_ip_address: "198.51.100.11", private_ip_address: "10.0.0.2" },
  },
  recorders: {
    recorder0: { private_ip_address: "10.0.0.3", siprec_port: 5060, siprec_protocol: "udp" },
    recorder1: { private_ip_address: "10.0.0.4", siprec_port: 5080, siprec_protocol: "tcp" },
  },
} as const;
