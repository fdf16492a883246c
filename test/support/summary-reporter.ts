import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Prints the last line of a run, `N passed, N failed, N skipped`, after the reasons for skipped tests. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const failedModules = modules.filter((module) => module.state() === "failed" && !hasFailedTest(module));
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const failed = count("failed") + failedModules.length + errors.length;
    for (const reason of skipReasons(tests)) process.stdout.write(`skipped: ${reason}\n`);
    process.stdout.write(`${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped\n`);
  }
}

/** A module also fails, without a failed test, if its set-up fails. */
function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests()].some((test) => test.result().state === "failed");
}

function skipReasons(tests: readonly TestCase[]): string[] {
  const notes = tests.flatMap((test) => {
    const result = test.result();
    return result.state === "skipped" && result.note ? [result.note] : [];
  });
  return [...new Set(notes)];
}
