import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { talk } from "../cli/talk.js";
import type { EngineSetting } from "../compute/local/machine.js";
import { fetchSource, SourceUnreachable } from "../do/bake/sources.js";
import { hostPaths } from "../do/local/paths.js";
import { rtpproxyRelease } from "../relay/rtpproxy.js";
import { demoFleetFile, type DemoChoices } from "../lab/demo/fleet-file.js";

/** Writes the demonstration's fleet file and, on the first run, random passwords beside it. Returns the file's path. */
export async function writeDemoFleet(engine: EngineSetting): Promise<string> {
  const folder = join(dirname(hostPaths().state), "demo");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of ["kamailio.password", "postgres.password"]) {
    const password = randomBytes(18).toString("base64url");
    await writeFile(join(folder, name), password, { mode: 0o600, flag: "wx" }).catch(() => undefined);
  }
  const file = join(folder, "fleet.yaml");
  await writeFile(file, demoFleetFile({ ...(await chooseRelay()), launch: { engine } }));
  return file;
}

/** RTPProxy if its source is available, from RTPPROXY_SOURCE or the network; otherwise rtpengine, with a message. */
async function chooseRelay(): Promise<DemoChoices> {
  const local = process.env["RTPPROXY_SOURCE"];
  if (local) return { mediaRelay: "rtpproxy", rtpproxySource: local };
  try {
    await fetchSource("rtpproxy", rtpproxyRelease("v3.2.0"), ".", hostPaths().cache);
    return { mediaRelay: "rtpproxy" };
  } catch (error) {
    if (!(error instanceof SourceUnreachable)) throw error;
    talk.warn(
      `${error.message}\nbaking rtpengine instead (for RTPProxy, set RTPPROXY_SOURCE to the folder of a local copy)\n`,
    );
    return { mediaRelay: "rtpengine" };
  }
}
