import type { Behaviour } from "../../../src/lab/agents.js";
import type { CallLab, Relay } from "../../support/call-lab.js";
import { figure, none, type Figure } from "../figures.js";
import { counted, failed, statistic, withLab } from "../lab.js";
import type { Row } from "../row.js";

const ways: Record<string, { title: string; unservable: Behaviour["unservable"] }> = {
  "5xx": { title: "answers 500", unservable: 500 },
  silent: { title: "leaves unanswered", unservable: "silent" },
  trying: { title: "answers 100 and no more", unservable: "trying-then-silent" },
};
const rates = [1, 10];
const good = 200;
const seconds = 10;

/** Calls that no recorder can serve, beside ordinary calls. */
export const unserved: readonly Row[] = Object.entries(ways).map(([name, { title, unservable }]) => ({
  name: `unserved-${name}`,
  test: `calls that every recorder ${title}, at ${rates.join(" and ")} a second`,
  toHold: `0 of ${good} calls beside them refused, OPTIONS 200; theirs refused within 6 s`,
  run: async (relay: Relay) => {
    const figures: Figure[] = [];
    for (const rate of rates) {
      figures.push(...(await withLab(relay, {}, (lab) => beside(lab, rate, unservable))));
    }
    return figures;
  },
}));

async function beside(lab: CallLab, rate: number, unservable: Behaviour["unservable"]): Promise<Figure[]> {
  for (const recorder of lab.recorders.values()) await recorder.behave({ unservable });
  const brief = { holdMs: 100, rtp: { rate: 0 }, sipPort: 0, quiet: true };
  const headers: [string, string][] = [["X-Unservable", "yes"]];
  const bad = await lab.place({ ...brief, calls: rate * seconds, rate, headers });
  const others = await lab.place({ ...brief, calls: good, rate: good / seconds });
  const asked = await lab.ask("platform", { count: seconds * 5, rate: 5 });
  const { summary } = await bad.finished;
  return [
    none(`at ${rate}/s: refused beside`, failed(await others.finished)),
    none("OPTIONS not 200", asked.filter((status) => status !== 200).length),
    figure("refused for want of a recorder", await statistic(lab, "refused_no_recorder"), "", { is: 0 }),
    figure("of media", await statistic(lab, "refused_no_media")),
    figure("theirs refused", summary.byStatus["503"] ?? 0, "", { is: rate * seconds }),
    figure("the last after", Math.max(...(await bad.finished).calls.map(({ setUpMs }) => setUpMs)), "ms", {
      atMost: 6000,
    }),
  ];
}

/** The platform's answers to recorders have a Record-Route of the platform's edge. */
export const edge: Row = {
  name: "edge",
  test: "recorders re-INVITE, the platform's edge record-routes its answers, others re-INVITE all the time",
  toHold: "every re-INVITE answered 200, every ACK at the recorder, 0 requests of one call in another",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      const [calls, rounds] = [20, 10];
      const usual = { calls, rate: 40, holdMs: null, rtp: { rate: 0 }, quiet: true };
      const others = await lab.place({ ...usual, sipPort: 0 });
      await others.allPlaced();
      const answerHeaders: [string, string][] = [["Record-Route", "<sip:203.0.113.10:5060;lr>"]];
      const behindEdge = await lab.place({ ...usual, answerHeaders });
      await behindEdge.allPlaced();
      await lab.acknowledged();
      let [asked, asking] = [0, 0];
      for (let round = 0; round < rounds; round++) {
        const both = [...lab.recorders.values()].map((recorder) =>
          recorder.reinvite().catch(() => ({ status: 0 })),
        );
        asking += (await others.reinviteAll())["200"] ?? 0;
        asked += (await Promise.all(both)).filter(({ status }) => status === 200).length;
      }
      for (const platform of [others, behindEdge]) await platform.byeAll();
      const ended = [await others.finished, await behindEdge.finished];
      return [
        figure("recorders' rounds answered 200", asked, "", { is: rounds * lab.recorders.size }),
        figure("platform's re-INVITEs answered 200", asking, "", { is: rounds * calls }),
        none(
          "calls broken",
          ended.reduce((sum, { summary }) => sum + calls - summary.outcomes.ok, 0),
        ),
        none("requests of no dialog, missing ACKs", await counted(lab, "unknownDialog", "noAck")),
      ];
    }),
};
