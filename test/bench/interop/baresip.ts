import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "../../../src/do/process.js";
import type { CallLab } from "../../support/call-lab.js";

export interface BaresipRun {
  /** SIP address and port of baresip. */
  address: string;
  port: number;
  /** The URI to call; without it, baresip answers calls. */
  dial?: string;
  /** Seconds until baresip ends its calls and exits. */
  seconds: number;
  /** Ends baresip earlier. */
  signal?: AbortSignal;
}

/** Runs baresip on a host of the lab: it sends a tone, and answers at once. Resolves with its output. */
export async function baresip(lab: CallLab, host: string, run: BaresipRun): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "baresip-"));
  try {
    await writeFile(join(folder, "config"), config(run));
    await writeFile(join(folder, "accounts"), account(run));
    await writeFile(join(folder, "contacts"), "");
    const dial = run.dial === undefined ? [] : ["-e", `d${run.dial}`];
    const argv = ["baresip", "-4", "-v", "-f", folder, "-t", String(run.seconds), ...dial];
    const { stdout, stderr } = await attempt({
      argv: lab.network.inNamespace(host, argv),
      timeout: (run.seconds + 30) * 1000,
      env: { HOME: folder },
      ...(run.signal && { signal: run.signal }),
    });
    return stdout + stderr;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function config({ address, port }: BaresipRun): string {
  const modules = ["g711", "ausine", "aubridge"].map((name) => `module ${name}.so`);
  const own = ["account", "contact", "menu"].map((name) => `module_app ${name}.so`);
  return [
    "module_path /usr/lib/baresip/modules",
    ...modules,
    ...own,
    `sip_listen ${address}:${port}`,
    "audio_source ausine,440",
    "audio_player aubridge,none",
    "audio_alert aubridge,none",
    "ausrc_srate 48000",
    "ausrc_channels 2",
    "rtp_ports 30000-30999",
    "",
  ].join("\n");
}

const account = ({ address, port }: BaresipRun) =>
  `<sip:recorder@${address}:${port};transport=udp>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1,PCMA/8000/1\n`;
