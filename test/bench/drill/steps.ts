import type { DrillLab } from "./lab.js";

export interface DrillStep {
  title: string;
  /** What is done before calls are placed. */
  before?: (this: void, lab: DrillLab) => Promise<void>;
  /** What is done while they are up: one command each. */
  run: (this: void, lab: DrillLab) => Promise<void>;
  /** Calls are lost with their proxy. */
  costsCalls?: boolean;
}

const recorder1 = { private_ip_address: "10.0.0.4", siprec_port: 5080, siprec_protocol: "tcp" };
const seconds = (number: number) => new Promise((resolve) => setTimeout(resolve, number * 1000));

/** What becomes of a fleet in its life, in an order in which each leaves it as it was. */
export const drillSteps: readonly DrillStep[] = [
  {
    title: "roll to a new image (fleet roll)",
    before: async (lab) => {
      lab.edit(({ image }) => Object.assign(image, { files: { "/etc/motd": { content: "drill\n" } } }));
      await lab.bake();
    },
    run: (lab) => lab.command("fleet roll"),
  },
  { title: "rollback (fleet rollback)", run: (lab) => lab.command("fleet rollback") },
  {
    title: "recorder drained (dispatcher drain)",
    run: (lab) => lab.command("dispatcher drain", "recorder0"),
  },
  {
    title: "recorder back (dispatcher undrain)",
    run: (lab) => lab.command("dispatcher undrain", "recorder0"),
  },
  {
    title: "recorder removed (db seed)",
    run: async (lab) => {
      lab.edit(({ recorders }) => delete recorders["recorder1"]);
      await lab.command("db seed");
      await seconds(5);
    },
  },
  {
    title: "recorder added (db seed)",
    run: async (lab) => {
      lab.edit(({ recorders }) => Object.assign(recorders, { recorder1 }));
      await lab.command("db seed");
      await seconds(5);
    },
  },
  {
    title: "database silent for 30 s",
    run: async ({ world }) => {
      await world.pauseDatabase(true);
      await seconds(30);
      await world.pauseDatabase(false);
      await seconds(10);
    },
  },
  {
    title: "proxy drained (drain)",
    run: (lab) => lab.command("drain", "sipproxy0"),
  },
  { title: "proxy back (undrain)", run: (lab) => lab.command("undrain", "sipproxy0") },
  {
    title: "proxy killed (terminate), and launched again",
    costsCalls: true,
    run: async (lab) => {
      await lab.command("terminate", "sipproxy1");
      await lab.command("launch", "sipproxy1");
    },
  },
];
