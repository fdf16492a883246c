/**
 * The section `proxies` of a fleet file with several proxies in one network, each with its settings. Their addresses are consecutive, in
 * the given order.
 */
export function proxiesWith<Name extends string>(settings: Record<Name, object>): Record<Name, object> {
  const entries = Object.entries<object>(settings).map(([name, own], index) => [
    name,
    { public_ip_address: `198.51.100.${index + 10}`, private_ip_address: `10.0.0.${index + 101}`, ...own },
  ]);
  return Object.fromEntries(entries) as Record<Name, object>;
}
