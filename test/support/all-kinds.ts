import type { CallsJob, Platform, PlatformReport } from "../../src/lab/agents.js";
import { kinds, type CallLab } from "./call-lab.js";

/** What a kind of platform has placed. */
export interface KindReport extends PlatformReport {
  title: string;
}

/** The same calls from every kind of platform, all at the same time: one wait for all of them. */
export async function placeFromAll(lab: CallLab, job: Partial<CallsJob>): Promise<AllPlatforms> {
  const platforms = await Promise.all(
    kinds.map(async ({ title, from, transport, job: kind }, index) => {
      // several run at one address
      const sipPort = 5060 + 2 * index;
      const targets = [lab.target(transport)];
      return { title, platform: await lab.place({ sipPort, targets, ...kind, ...job }, from) };
    }),
  );
  return new AllPlatforms(platforms);
}

export class AllPlatforms {
  constructor(readonly platforms: { title: string; platform: Platform }[]) {}

  /** Asks each platform for something; the answers by the kind's title. */
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

/** The same value for every kind, as `AllPlatforms.each` gives it when all is well. */
export function ofEachKind<T>(value: T): Record<string, T> {
  return Object.fromEntries(kinds.map(({ title }) => [title, value]));
}

/** How each kind's calls ended, and what went wrong. */
export function outcomes(reports: KindReport[]): Record<string, object> {
  return Object.fromEntries(
    reports.map(({ title, summary }) => {
      const { ok, ...others } = summary.outcomes;
      const failed = Object.fromEntries(Object.entries(others).filter(([, count]) => count > 0));
      return [title, { ok, ...failed, ...summary.errors }];
    }),
  );
}
