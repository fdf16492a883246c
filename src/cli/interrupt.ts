/**
 * Runs work that leaves things behind (machines, networks) and cleans up after it: when it ends, when it fails, and
 * when the user presses Ctrl-C or the process is told to end.
 */
export async function withCleanUp<T>(work: () => Promise<T>, cleanUp: () => Promise<void>): Promise<T> {
  let cleaning: Promise<void> | undefined;
  const once = () => (cleaning ??= cleanUp());
  const onSignal = (signal: NodeJS.Signals) => {
    void once().finally(() => process.exit(signal === "SIGINT" ? 130 : 143));
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    return await work();
  } finally {
    await once();
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
