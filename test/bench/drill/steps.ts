import { randomBytes } from "node:crypto";
import { moved } from "./fleet.js";
import { securityUpdate } from "./security-update.js";
import { wait, type DrillStep } from "./step.js";
import { twoReleases } from "./two-releases.js";

const recorder1 = { private_ip_address: "10.0.0.4", siprec_port: 5080, siprec_protocol: "tcp" };

/** The steps of a fleet's lifecycle. Each one starts with a complete fleet. */
export const drillSteps: readonly DrillStep[] = [
  {
    title: "roll to a new image (fleet roll)",
    before: async (lab) => {
      lab.fleet.edit(({ image }) => Object.assign(image, { files: { "/etc/motd": { content: "drill\n" } } }));
      await lab.bake();
    },
    run: async (lab) => void (await lab.command("fleet roll")),
  },
  {
    title: "rollback (fleet rollback)",
    run: async (lab) => void (await lab.command("fleet rollback")),
  },
  securityUpdate,
  {
    title: "address of a host changed (fleet roll)",
    also: [moved.public_ip_address],
    run: async (lab) => {
      lab.fleet.edit(({ proxies }) => Object.assign(proxies, { sipproxy2: moved }));
      await lab.command("fleet roll", "sipproxy2");
    },
  },
  ...twoReleases,
  {
    title: "password of the database rotated (db rotate)",
    run: async (lab) => {
      lab.fleet.keep("kamailio.password", `it's \\ another: "$\`${randomBytes(6).toString("hex")}`);
      await lab.command("db rotate");
    },
  },
  {
    title: "certificate rotated (tls rotate)",
    run: async (lab) => {
      const { fingerprint } = await lab.newCertificate();
      await lab.command("tls rotate");
      for (const { public_ip_address: address } of Object.values(lab.fleet.proxies))
        if ((await lab.shownCertificate(address)) !== fingerprint)
          throw new Error(`${address} does not show the new certificate`);
    },
  },
  {
    title: "recorder drained (dispatcher drain)",
    run: async (lab) => void (await lab.command("dispatcher drain", "recorder0")),
  },
  {
    title: "recorder back (dispatcher undrain)",
    run: async (lab) => void (await lab.command("dispatcher undrain", "recorder0")),
  },
  {
    title: "recorder removed (db seed)",
    run: async (lab) => {
      lab.fleet.edit(({ recorders }) => delete recorders["recorder1"]);
      await lab.command("db seed");
      await wait(5);
    },
  },
  {
    title: "recorder added (db seed)",
    run: async (lab) => {
      lab.fleet.edit(({ recorders }) => Object.assign(recorders, { recorder1 }));
      await lab.command("db seed");
      await wait(5);
    },
  },
  {
    title: "database silent",
    run: async ({ world, size }) => {
      await world.pauseDatabase(true);
      await wait(size.outage);
      await world.pauseDatabase(false);
      await wait(10);
    },
  },
  {
    title: "proxy drained (drain)",
    drains: "sipproxy0",
    run: async (lab) => void (await lab.command("drain", "sipproxy0")),
  },
  { title: "proxy back (undrain)", run: async (lab) => void (await lab.command("undrain", "sipproxy0")) },
  {
    title: "proxy killed (terminate --now), its calls moved, launched again",
    costsCalls: true,
    run: async (lab) => {
      await lab.command("terminate", "sipproxy1", "--now");
      await lab.moveCalls("sipproxy1", "sipproxy0");
      await lab.command("launch", "sipproxy1");
    },
  },
];
