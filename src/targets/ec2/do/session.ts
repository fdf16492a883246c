import { operatorSshArgv } from "../../../compute/reach/ssh.js";
import { hasTool } from "../../../do/local/tools.js";

const programs = ["ssh", "aws", "session-manager-plugin"];

/**
 * The argv of the operator's ssh to an instance through SSM's Session Manager, for streamed output; or why this is not possible.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-getting-started-enable-ssh-connections.html
 */
export async function sshThroughSession(
  region: string,
  login: string,
  instance: string,
): Promise<[string, ...string[]] | { why: string }> {
  const missing = await missingPrograms();
  if (missing.length > 0)
    return {
      why: `Run Command cannot stream, and ssh through SSM needs ${missing.join(", ")} on this machine (AWS CLI, Session Manager plugin); use --ssh instead`,
    };
  const proxy = `aws ssm start-session --region ${region} --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p`;
  return operatorSshArgv(`${login}@${instance}`, `ProxyCommand=${proxy}`);
}

async function missingPrograms(): Promise<string[]> {
  const found = await Promise.all(programs.map(hasTool));
  return programs.filter((_, index) => !found[index]);
}
