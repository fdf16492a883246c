import type { CompletedCommand, CompletedOption } from "./words.js";

/** Completes `name` in fish: commands, options and values of options; otherwise file names. */
export function fishCompletion(name: string, commands: readonly CompletedCommand[]): string {
  const at = `__${name.replace(/\W/g, "_")}_at`;
  const known = commands.filter(({ path }) => path !== "").map(({ path }) => quote(path));
  const rules = commands.flatMap((command) => {
    const rule = `complete -c ${name} -n ${quote(`test (${at}) = "${command.path}"`)}`;
    return [...argumentsOf(command), ...command.options.map(optionWords)].map(
      (words) => `${rule} ${words}\n`,
    );
  });
  return `# fish completion of ${name}; made by: ${name} completion fish
function ${at}
	set -l at ''
	for word in (commandline -opc)
		set -l longer (string trim -- "$at $word")
		switch $longer
			case ${known.join(" ")}
				set at $longer
		end
	end
	echo $at
end
${rules.join("")}`;
}

/** What may follow a command besides options. For a command that takes other arguments, fish completes file names. */
function argumentsOf({ subcommands, choices }: CompletedCommand): string[] {
  return [
    ...subcommands.map(({ name, help }) => `-f -a ${quote(name)} -d ${quote(help)}`),
    ...choices.map((choice) => `-f -a ${quote(choice)}`),
  ];
}

function optionWords({ flags, help, takesValue, choices }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = choices.length > 0 ? [`-x -a ${quote(choices.join(" "))}`] : takesValue ? ["-r"] : [];
  return [...names, ...value, `-d ${quote(help)}`].join(" ");
}

const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
