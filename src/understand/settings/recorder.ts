import { integer, ipv4OrHostName, oneOf, port, text } from "./types.js";
import { required, withDefault } from "./setting.js";

const role = { role: true } as const;

/** Column widths of Kamailio's dispatcher table, the same from 5.5 to 6.1 (utils/kamctl/postgres/dispatcher-create.sql). */
export const dispatcherColumns = { destination: 192, attrs: 128, description: 64 } as const;

/** Settings of one recorder, each a row of the dispatcher table. */
export const recorderSettings = {
  private_ip_address: required(
    ipv4OrHostName,
    "Address of the recorder, or its host name, which the hosts look up.",
    role,
  ),
  siprec_port: withDefault(port, 5080, "Port on which the recorder listens.", role),
  siprec_protocol: withDefault(oneOf("tcp", "udp", "tls"), "tcp", "Transport to the recorder.", role),
  siprec_flags: withDefault(
    integer(0, 31),
    0,
    "Dispatcher flags of the row: 1 inactive, 2 trying, 4 disabled, 8 probing, or their sum.",
    role,
  ),
  siprec_priority: withDefault(
    integer(-2_147_483_648, 2_147_483_647),
    0,
    "Priority in the set; with disp_alg 8 the highest is used first.",
    role,
  ),
  siprec_attrs: withDefault(
    text({ rule: `name=value pairs joined by ";"` }),
    "",
    "Attributes, name1=value1;…;nameN=valueN: weight=75 gives the recorder 75 parts of the calls.",
    role,
  ),
  siprec_set: withDefault(
    integer(0, 2_147_483_647),
    1,
    "Dispatcher set (the table's setid) to which the recorder belongs; proxies with this set in disp_set use it.",
  ),
};
