/**
 * One network with several proxies, each with settings of its own: `proxies` of a fleet file. They have neighbouring
 * addresses, in the order in which they are named.
 */
export function proxiesWith<Name extends string>(settings: Record<Name, object>): Record<Name, object> {
  const entries = Object.entries<object>(settings).map(([name, own], index) => [
    name,
    { public_ip_address: `198.51.100.${index + 10}`, private_ip_address: `10.0.0.${index + 101}`, ...own },
  ]);
  return Object.fromEntries(entries) as Record<Name, object>;
}
