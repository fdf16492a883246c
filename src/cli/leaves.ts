import type { Command } from "commander";

/** Commands without subcommands, with the words that call them. */
export function leaves(command: Command, words = ""): [string, Command][] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => inner.name() !== "help")
    .flatMap((inner) => {
      const called = `${words} ${inner.name()}`.trimStart();
      return inner.commands.length > 0
        ? leaves(inner, called)
        : [[called, inner] satisfies [string, Command]];
    });
}

/** A command's description in a few words. */
export function summaryOf(command: Command): string {
  const summary = command.summary() || command.description();
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}`;
}
