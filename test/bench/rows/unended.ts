import { pause } from "../../support/call-lab.js";
import { endDialogs, goneAndHeld, sessions } from "../../support/sessions.js";
import { figure, none } from "../figures.js";
import { withLab } from "../lab.js";
import type { Row } from "../row.js";
import { until } from "../until.js";

/** rtp_timeout in seconds, as short as possible for this row. */
const timeout = 60;

/** Calls that nobody ends, beside calls on hold. */
export const unended: Row = {
  name: "unended",
  test: `dialogs end without the relay hearing of it; then platform and recorder vanish, rtp_timeout ${timeout} s; calls on hold beside`,
  toHold: "0 sessions of theirs 60 s after the end; ended within rtp_timeout; calls on hold stay",
  run: (relay) =>
    withLab(relay, { settings: { rtp_timeout: timeout } }, async (lab) => {
      lab.proxy().startWatch("call-watch");
      const calls = 10;
      const silent = { calls, rate: 40, holdMs: null, sipPort: 0, quiet: true, rtp: { rate: 0 } };
      const over = await lab.place(silent);
      await over.allPlaced();
      await endDialogs(lab);
      const freed = await until(async () => (await sessions(lab)) === 0, 120);

      const { onHold } = await goneAndHeld(lab, silent);
      const both = await sessions(lab);
      const ended = await until(async () => (await sessions(lab)) <= both / 2, 150);
      await pause(timeout * 1000);
      await onHold.byeAll();
      const { summary } = await onHold.finished;
      return [
        figure("dialogs ended: media freed after", freed, "s", { atMost: 60 }),
        figure("vanished: ended after", ended, "s", { atMost: timeout }),
        none("calls on hold lost", calls - summary.outcomes.ok),
        none("sessions left", await sessions(lab)),
      ];
    }),
};
