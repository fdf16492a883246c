import { AwsError } from "./aws-error.js";
import { arn, type Service } from "./service.js";

export const monitoring: Service = {
  prefix: "cloudwatch",
  protocol: "query",
  actions: {
    PutMetricData: {
      needs: ({ parameters }) => [
        {
          action: "cloudwatch:PutMetricData",
          resource: "*",
          context: { "cloudwatch:namespace": parameters["Namespace"] ?? "" },
        },
      ],
      run: ({ parameters }) => {
        if (Number.isNaN(Number(parameters["MetricData.member.1.Value"] || NaN)))
          throw new AwsError("InvalidParameterValue", "The value must be a number");
        return "";
      },
    },
  },
};

export const secretsmanager: Service = {
  prefix: "secretsmanager",
  protocol: "json",
  actions: {
    GetSecretValue: {
      // Secrets Manager adds six random characters to a secret's ARN
      needs: ({ account, parameters }) => [
        {
          action: "secretsmanager:GetSecretValue",
          resource: secretArn(parameters["SecretId"] ?? "", (name) =>
            arn("secretsmanager", account, `secret:${name}-AbCdEf`),
          ),
          context: {},
        },
      ],
      run: ({ account, parameters }) => {
        const name = (parameters["SecretId"] ?? "").replace(/^arn:.*:secret:(.*)-\w{6}$/, "$1");
        const value = account.secrets.get(name);
        if (value === undefined)
          throw new AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        return JSON.stringify({ Name: name, SecretString: value, VersionStages: ["AWSCURRENT"] });
      },
    },
  },
};

function secretArn(id: string, ofName: (name: string) => string): string {
  return id.startsWith("arn:") ? id : ofName(id);
}

export const ssm: Service = {
  prefix: "ssm",
  protocol: "json",
  actions: {
    GetParameter: {
      needs: ({ account, parameters }) => [
        {
          action: "ssm:GetParameter",
          resource: arn("ssm", account, `parameter/${(parameters["Name"] ?? "").replace(/^\//, "")}`),
          context: {},
        },
      ],
      run: ({ account, parameters }) => {
        const { Name: name = "", WithDecryption: decrypt } = parameters;
        const value = account.parameters.get(name);
        if (value === undefined) throw new AwsError("ParameterNotFound", "");
        // an encrypted value, as without decryption
        const text = decrypt === "true" ? value : Buffer.from(value).toString("base64");
        return JSON.stringify({ Parameter: { Name: name, Type: "SecureString", Value: text, Version: 1 } });
      },
    },
  },
};
