import type { CallsJob, Platform, PlatformReport } from "../../src/lab/agents.js";
import { kinds, type CallLab } from "./call-lab.js";

/** The calls of one kind of platform. */
export interface KindReport extends PlatformReport {
  title: string;
}

/** Places the same calls from every kind of platform at the same time. */
export async function placeFromAll(lab: CallLab, job: Partial<CallsJob>): Promise<AllPlatforms> {
  const platforms = await Promise.all(
    kinds.map(async ({ title, from, transport, job: kind }, index) => {
      // several platforms use one address
      const sipPort = 5060 + 2 * index;
      const targets = [lab.target(transport)];
      return { title, platform: await lab.place({ sipPort, targets, ...kind, ...job }, from) };
    }),
  );
  return new AllPlatforms(platforms);
}

export class AllPlatforms {
  constructor(readonly platforms: { title: string; platform: Platform }[]) {}

  /** Queries each platform; returns the answers by title of the kind. */
  async each<T>(ask: (platform: Platform) => Promise<T>): Promise<Record<string, T>> {
    const answers = await Promise.all(
      this.platforms.map(async ({ title, platform }) => [title, await ask(platform)] as const),
    );
    return Object.fromEntries(answers);
  }

  /** Resolves when all calls have ended, and each platform with them. */
  async finished(): Promise<KindReport[]> {
    return Promise.all(
      this.platforms.map(async ({ title, platform }) => {
        const report = await platform.finished;
        await platform.stop();
        return { title, ...report };
      }),
    );
  }
}

/** Places calls from every kind of platform and waits for their end. */
export async function callsFromAll(lab: CallLab, job: Partial<CallsJob>): Promise<KindReport[]> {
  return (await placeFromAll(lab, job)).finished();
}

/** The same value for every kind: the expected result of `AllPlatforms.each`. */
export function ofEachKind<T>(value: T): Record<string, T> {
  return Object.fromEntries(kinds.map(({ title }) => [title, value]));
}

/** How each kind's calls ended, with their errors. */
export function outcomes(reports: KindReport[]): Record<string, object> {
  return Object.fromEntries(
    reports.map(({ title, summary }) => {
      const { ok, ...others } = summary.outcomes;
      const failed = Object.fromEntries(Object.entries(others).filter(([, count]) => count > 0));
      return [title, { ok, ...failed, ...summary.errors }];
    }),
  );
}
