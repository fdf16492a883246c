import { integer, ipv4OrHostName, oneOf, port, text } from "./types.js";
import { required, withDefault } from "./setting.js";

const role = { role: true } as const;

/** The flag of a destination without new calls: Kamailio's DS_DISABLED_DST. Requests of its current calls are still sent. */
export const DISABLED = 4;

/** Column widths of Kamailio's dispatcher table, the same from 5.5 to 6.1 (utils/kamctl/postgres/dispatcher-create.sql). */
export const dispatcherColumns = { destination: 192, attrs: 128, description: 64 } as const;

/** Settings of a recorder, which is one row of the dispatcher table. */
export const recorderSettings = {
  private_ip_address: required(
    ipv4OrHostName,
    "IPv4 address or host name of the recorder; hosts resolve a name.",
    role,
  ),
  siprec_port: withDefault(port, 5080, "Port on which the recorder listens.", role),
  siprec_protocol: withDefault(
    oneOf("tcp", "udp", "tls"),
    "tcp",
    "Transport to the recorder; tls needs enable_tls, which also opens sip_tls_port to platforms.",
    role,
  ),
  siprec_flags: withDefault(
    integer(0, 31),
    0,
    "Dispatcher flags: 1 inactive, 2 trying, 4 disabled, 8 probing, or their sum.",
    role,
  ),
  siprec_priority: withDefault(
    integer(-2_147_483_648, 2_147_483_647),
    0,
    "Priority in the set; with disp_alg 8, recorders with the highest priority are used first.",
    role,
  ),
  siprec_attrs: withDefault(
    text({ rule: `name=value pairs joined by ";"` }),
    "",
    "Dispatcher attributes, name1=value1;…;nameN=valueN, such as weight=75: the recorder's share of the calls.",
    role,
  ),
  siprec_set: withDefault(
    integer(0, 2_147_483_647),
    1,
    "Dispatcher set (setid) of the recorder; proxies with this set in disp_set use it.",
  ),
};
