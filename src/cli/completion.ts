import { Argument, type Command } from "commander";
import { bashCompletion } from "../commands/completion/bash.js";
import { fishCompletion } from "../commands/completion/fish.js";
import { commandsOf } from "../commands/completion/words.js";
import { zshCompletion } from "../commands/completion/zsh.js";
import { print } from "./talk.js";

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** The command `completion`, which prints shell completion made from the command tree. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .summary("print the completion script for a shell")
    .addArgument(new Argument("<SHELL>", "shell to complete in").choices(Object.keys(shells)))
    .action((shell: keyof typeof shells) => {
      print(shells[shell](program.name(), commandsOf(program)));
    });
}
