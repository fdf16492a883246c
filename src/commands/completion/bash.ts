import { shellQuote } from "../../compute/quote/shell.js";
import type { CompletedCommand } from "./words.js";

/** Completes `name` in bash: commands, options and values of options; otherwise file names. */
export function bashCompletion(name: string, commands: readonly CompletedCommand[]): string {
  const known = commands.filter(({ path }) => path !== "").map(({ path }) => shellQuote(path));
  return `# bash completion of ${name}; made by: ${name} completion bash
_${identifier(name)}() {
	local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at="" i list=""
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case "\${at:+$at }\${COMP_WORDS[i]}" in
		${known.join(" | ")}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
		esac
	done
	case "$at:$prev" in
${values(commands)}	*)
		if [[ $cur == -* ]]; then
			case "$at" in
${lines(commands, ({ options }) => options.flatMap(({ flags }) => flags))}			esac
		else
			case "$at" in
${lines(commands, ({ subcommands, choices }) => [...subcommands.map((inner) => inner.name), ...choices])}			esac
		fi
		;;
	esac
	if [[ -n $list ]]; then
		while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -W "$list" -- "$cur")
	fi
}
complete -o default -F _${identifier(name)} ${name}
`;
}

/** What follows an option that takes a value: one of its choices, or a file name (no words, \`-o default\`). */
function values(commands: readonly CompletedCommand[]): string {
  return commands
    .flatMap(({ path, options }) =>
      options
        .filter(({ takesValue }) => takesValue)
        .map(({ flags, choices }) => {
          const pattern = flags.map((flag) => shellQuote(`${path}:${flag}`)).join(" | ");
          return `	${pattern}) list=${shellQuote(choices.join(" "))} ;;\n`;
        }),
    )
    .join("");
}

function lines(
  commands: readonly CompletedCommand[],
  words: (command: CompletedCommand) => readonly string[],
): string {
  return commands
    .map((command) => ({ path: command.path, found: words(command) }))
    .filter(({ found }) => found.length > 0)
    .map(({ path, found }) => `			${shellQuote(path)}) list=${shellQuote(found.join(" "))} ;;\n`)
    .join("");
}

const identifier = (name: string) => name.replace(/\W/g, "_");
