import { seedSql } from "../../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../../src/do/assets.js";
import { fleetOf } from "../../support/fleets.js";
import { figure, none } from "../figures.js";
import { follow, hosts, lateness, poll, withDatabase } from "../followers.js";
import type { Row } from "../row.js";

/** This many hosts poll every three seconds, and reconnect every 300 (watched.py). */
const many = 1000;
const lifetime = 300;

/** The server's cost of hosts that follow the dispatcher table, compared with one psql per poll as in earlier releases. */
export const following: Row = {
  name: "following",
  test: `${hosts} hosts follow the dispatcher table, one recorder is seeded`,
  toHold:
    "<= 0.1 x the server's CPU per look of one psql each, 1,000 hosts <= 0.2 core, seen within 1 s by NOTIFY",
  run: () =>
    withDatabase(async (postgres, root) => {
      const former = await follow(postgres, root, "psql");
      const now = await follow(postgres, root, "kept", async () => {
        const recorders = { recorder2: { private_ip_address: "10.0.0.5" } };
        await postgres.query(
          `SET ROLE kamailio; ${seedSql(fleetOf({ recorders }), hostTemplates())}`,
          "kamailio",
        );
        return Date.now() / 1000;
      });
      return [
        figure("psql each", former.ms, "ms/look"),
        figure("kept", now.ms, "ms/look"),
        figure("ratio", now.ms / former.ms, "", { atMost: 0.1 }),
        figure("1,000 hosts", (many * (now.ms / poll.kept + former.ms / lifetime)) / 1000, "cores", {
          atMost: 0.2,
        }),
        figure("kept connections", now.kept, "", { is: hosts }),
        none("failed looks", now.failures),
        figure("last host that saw the seed", lateness(now), "s", { atMost: 1 }),
      ];
    }),
};

/** Seconds of the database's silence, and the limit until hosts follow it again. */
const silence = 10;
const again = 15;

/** All hosts lose the database and reconnect to it. */
export const outage: Row = {
  name: "outage",
  test: `the database is silent for ${silence} s, ${hosts} hosts follow it; a row is added with plain SQL when it speaks`,
  toHold: `all have seen the row within ${again} s, and keep one connection each`,
  run: () =>
    withDatabase(async (postgres, root) => {
      const act = async () => {
        await postgres.pause();
        await new Promise((resolve) => setTimeout(resolve, silence * 1000));
        await postgres.resume();
        const spoke = Date.now() / 1000;
        await postgres.query(
          "INSERT INTO dispatcher (setid, destination) VALUES (1, 'sip:10.0.0.9:5060')",
          "kamailio",
        );
        return spoke;
      };
      const looks = await follow(postgres, root, "kept", act, 60);
      return [
        figure("looks that failed", looks.failures),
        figure("last host that saw the row", lateness(looks), "s", { atMost: again }),
        figure("kept connections", looks.kept, "", { is: hosts }),
        figure("the server's CPU", looks.cpu, "s"),
      ];
    }),
};
