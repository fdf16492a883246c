import { attempt } from "../process.js";
import { UserError } from "../../errors.js";

/** Environment of Ansible's programs: they must not prompt, must not log, and must fail if they can read no inventory. */
const environment = {
  ANSIBLE_CALLBACKS_ENABLED: "",
  ANSIBLE_DEPRECATION_WARNINGS: "false",
  ANSIBLE_INVENTORY_UNPARSED_FAILED: "true",
  ANSIBLE_LOG_PATH: "/dev/null", // output may contain a password
  ANSIBLE_NOCOLOR: "true",
  ANSIBLE_RETRY_FILES_ENABLED: "false",
  LC_ALL: "C.UTF-8",
};

const wayOut =
  "install it (Debian: sudo apt-get install ansible-core), or run ansible-inventory -i INVENTORY --list on a machine with Ansible and pipe the output to sip-proxy import -";

/** Milliseconds for one program: a dynamic inventory queries a cloud. */
const limit = 300_000;

const hints: readonly [RegExp, string][] = [
  [
    /vault/i,
    "a file is encrypted by ansible-vault: set ANSIBLE_VAULT_PASSWORD_FILE, as for ansible-playbook",
  ],
  [
    /no inventory was parsed/i,
    "specify the file instead of the folder: in a folder, Ansible ignores files that end in .ini, .cfg, .txt and others (inventory_ignore_extensions)",
  ],
];

/**
 * Runs one of Ansible's programs and returns its output. Throws UserError with Ansible's reason, without quoted text, which may
 * be a password.
 */
export async function runAnsible(
  argv: readonly [string, ...string[]],
  env: Record<string, string> = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await attempt({
    argv,
    env: { ...environment, ...env },
    timeout: limit,
    hint: wayOut,
  });
  if (exitCode === 0) return stdout;
  const said = `${stderr}\n${stdout}`;
  const [, hint = `run ${argv[0]} directly for details`] = hints.find(([words]) => words.test(said)) ?? [];
  throw new UserError(`${argv[0]}: ${reasonIn(said)}`, { hint });
}

/** Ansible's reason, up to the text that it quotes from a file. */
function reasonIn(output: string): string {
  const unwrapped = output.replace(/\n(?!\[|ERROR|fatal|\s*$)/g, " "); // Ansible breaks its lines at 79 characters
  const errors = unwrapped.split("\n").flatMap((line) => {
    const [, text] = /^(?:ERROR! |\[ERROR\]: |fatal: |.*Failed to parse )(.*)$/.exec(line) ?? [];
    return text === undefined ? [] : [text];
  });
  const [first = "it failed without a message"] = errors;
  return first.replace(/(got|String|found)\s*:.*$/, "$1 something else").slice(0, 300);
}
