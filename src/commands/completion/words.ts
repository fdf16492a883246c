import type { Command, Option } from "commander";

/** An option as a shell completes it. */
export interface CompletedOption {
  flags: readonly string[];
  help: string;
  takesValue: boolean;
  /** Values that it may have; empty: any, such as a file. */
  choices: readonly string[];
}

/** One command of the tree as a shell completes it. */
export interface CompletedCommand {
  /** The words that lead to it, without the program's name, such as "db init"; empty for the program. */
  path: string;
  subcommands: readonly { name: string; help: string }[];
  options: readonly CompletedOption[];
  /** Values that its first argument may have; empty: any, such as a file. */
  choices: readonly string[];
}

/** Every command of the tree, the program first. */
export function commandsOf(command: Command, path = ""): CompletedCommand[] {
  const subcommands = command.createHelp().visibleCommands(command);
  const own: CompletedCommand = {
    path,
    subcommands: subcommands.map((inner) => ({ name: inner.name(), help: inner.summary() })),
    options: command.createHelp().visibleOptions(command).map(completed),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
  return [
    own,
    ...command.commands.flatMap((inner) => commandsOf(inner, `${path} ${inner.name()}`.trimStart())),
  ];
}

function completed({ short, long, description, required, optional, argChoices }: Option): CompletedOption {
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    help: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}
