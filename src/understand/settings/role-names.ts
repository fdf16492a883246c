/**
 * The Ansible role's own names and defaults, where they differ from those of the settings table beside this file: what its
 * README and its older releases call a setting, and what was in force when an inventory gave nothing.
 */

/** Names that the role of today does not read, and the setting that each one means. */
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
  // spelled as the table has them; the role reads enable_nat_keepalive and enable_anitflood
  enable_NAT_keepalive: "enable_NAT_keepalive",
  enable_antiflood: "enable_antiflood",
  disptacher_destinations: "dispatcher_destinations",
};

/** The spellings that the role itself reads, where they are not the table's. */
export const namesOfRole: Readonly<Record<string, string>> = {
  enable_NAT_keepalive: "enable_nat_keepalive",
  enable_antiflood: "enable_anitflood",
};

/** Defaults of the role (its defaults/main.yml, and its README) that the settings table does not have, as texts. */
export const roleDefaults: Readonly<Record<string, readonly string[]>> = {
  kamailio_version: ["5.5.7", "5.5"],
  disp_alg: ["4"],
  dbuser_root: ["miarec"],
  dbpass_kam: ["kamailiorw"],
};

/** Variables of old releases that no release ever used. */
export const unusedByRole: readonly string[] = ["dispatcher_port", "dispatcher_protocol"];

/** Settings that the role turns on only for a boolean: its templates test `== true`, and a text never is. */
export const testedAsBoolean: readonly string[] = [
  "enable_debug",
  "enable_jsonrpc",
  "enable_tls",
  "enable_antiflood",
  "enable_NAT_keepalive",
];

/** Groups that the role's README gives its hosts. */
export const roleGroups = {
  proxies: /^sip[-_]?prox(y|ies)$/i,
  recorders: /^(siprec[-_]?|miarec[-_]?)?recorders?$/i,
} as const;

/** What the role is called where a playbook names it, with or without a namespace. */
export const roleReference = /(^|[./])(ansible-role-)?sip[-_]?proxy$/;
