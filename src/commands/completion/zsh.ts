import { bashCompletion } from "./bash.js";
import type { CompletedCommand } from "./words.js";

/** Completes `name` in zsh: bashcompinit of zsh runs the functions made for bash. */
export function zshCompletion(name: string, commands: readonly CompletedCommand[]): string {
  return `# zsh completion of ${name}; made by: ${name} completion zsh
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
autoload -Uz bashcompinit && bashcompinit
${bashCompletion(name, commands)}`;
}
