import type { Command, Option } from "commander";

/** What a shell needs to complete an option. */
export interface CompletedOption {
  flags: readonly string[];
  help: string;
  takesValue: boolean;
  /** Its possible values; empty: any value, such as a file name. */
  choices: readonly string[];
}

/** What a shell needs to complete a command. */
export interface CompletedCommand {
  /** The words of the command, without the program's name, such as "db init"; empty for the program. */
  path: string;
  subcommands: readonly { name: string; help: string }[];
  options: readonly CompletedOption[];
  /** Possible values of its first argument; empty: any value, such as a file name. */
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
