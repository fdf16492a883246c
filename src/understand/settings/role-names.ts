/**
 * Names and defaults of the Ansible role that differ from those of the settings table: names in its README and older
 * releases, and its defaults for variables that an inventory does not set.
 */

/** Names that the current role no longer reads, and the setting that each one means. */
export const namesOfOldRoles: Readonly<Record<string, string>> = {
  // the README's example, and releases of 2022
  dbrootpass: "dbpass_root",
  dbrootuser: "dbuser_root",
  dbrootname: "db_root",
  kam_dbname: "db_kam",
  kam_dbuser: "dbuser_kam",
  kam_dbpass: "dbpass_kam",
  port_udp: "sip_udp_port",
  port_tcp: "sip_tcp_port",
  ip_public: "public_ip_address",
  ip_private: "private_ip_address",
  // spelled as in the settings table; the role reads enable_nat_keepalive and enable_anitflood
  enable_NAT_keepalive: "enable_NAT_keepalive",
  enable_antiflood: "enable_antiflood",
  disptacher_destinations: "dispatcher_destinations",
};

/** Spellings that the role reads, if they differ from the settings table. */
export const namesOfRole: Readonly<Record<string, string>> = {
  enable_NAT_keepalive: "enable_nat_keepalive",
  enable_antiflood: "enable_anitflood",
};

/** Defaults of the role (defaults/main.yml and README) that differ from the settings table, as texts. */
export const roleDefaults: Readonly<Record<string, readonly string[]>> = {
  kamailio_version: ["5.5.7", "5.5"],
  disp_alg: ["4"],
  dbuser_root: ["miarec"],
  dbpass_kam: ["kamailiorw"],
};

/** Variables of old releases that had no effect in any release. */
export const unusedByRole: readonly string[] = ["dispatcher_port", "dispatcher_protocol"];

/** Settings that the role turns on only for a boolean: its templates test `== true`, which is false for a text. */
export const testedAsBoolean: readonly string[] = [
  "enable_debug",
  "enable_jsonrpc",
  "enable_tls",
  "enable_antiflood",
  "enable_NAT_keepalive",
];

/** Those of them that an import leaves off where the role did: their only effect is a longer log. */
export const keptOff: readonly string[] = ["enable_debug"];

/** Names of host groups in the role's README. */
export const roleGroups = {
  proxies: /^sip[-_]?prox(y|ies)$/i,
  recorders: /^(siprec[-_]?|miarec[-_]?)?recorders?$/i,
} as const;

/** The role's name in a playbook, with or without a namespace. */
export const roleReference = /(^|[./])(ansible-role-)?sip[-_]?proxy$/;
