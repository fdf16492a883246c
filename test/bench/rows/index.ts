import type { Row } from "../row.js";
import { load } from "./load.js";
import { hold } from "./hold.js";
import { failover } from "./failover.js";

/** The table, in its order. */
export const rows: readonly Row[] = [load, hold, ...failover];
