import type { Row } from "../row.js";
import { connections } from "./connections.js";
import { cpu } from "./cpu.js";
import { databaseFailover } from "./database-failover.js";
import { detection } from "./detection.js";
import { drain, kamailioRestarted, relayKilled } from "./faults.js";
import { failover } from "./failover.js";
import { firstBoots, killedBoots } from "./first-boots.js";
import { following, outage } from "./following.js";
import { relayHung, relayWatched } from "./hung.js";
import { hold } from "./hold.js";
import { load } from "./load.js";
import { malformed } from "./malformed.js";
import { mix } from "./mix.js";
import { mixedFirstBoots, mixedReleases } from "./mixed-releases.js";
import { moved } from "./moved.js";
import { packets } from "./packets.js";
import { allDown, reinvite } from "./recorders.js";
import { flood, spray, strangers } from "./strangers.js";
import { unended } from "./unended.js";
import { edge, unserved } from "./unserved.js";

/** All rows, in the table's order. */
export const rows: readonly Row[] = [
  load,
  hold,
  ...failover,
  ...unserved,
  detection,
  allDown,
  edge,
  reinvite,
  kamailioRestarted,
  moved,
  relayKilled,
  relayHung,
  relayWatched,
  unended,
  drain,
  spray,
  strangers,
  flood,
  ...connections,
  malformed,
  ...cpu,
  packets,
  following,
  outage,
  databaseFailover,
  firstBoots,
  killedBoots,
  mixedFirstBoots,
  mixedReleases,
  mix,
];
