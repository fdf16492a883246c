import { Argument, type Command } from "commander";
import { bashCompletion } from "../commands/completion/bash.js";
import { fishCompletion } from "../commands/completion/fish.js";
import { commandsOf } from "../commands/completion/words.js";
import { zshCompletion } from "../commands/completion/zsh.js";
import { print } from "./talk.js";

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** `completion`: a shell's completion of this program, made from its tree of commands. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .summary("print the completion script for a shell")
    .addArgument(new Argument("<SHELL>", "shell to complete in").choices(Object.keys(shells)))
    .action((shell: keyof typeof shells) => {
      print(shells[shell](program.name(), commandsOf(program)));
    });
}
