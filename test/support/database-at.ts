import { postgresPassword, type Postgres } from "../../src/lab/postgres.js";

/** `database` of a fleet file: a server of the lab, with its administrator. */
export function databaseAt({ port }: Postgres, more: object = {}): object {
  return {
    dbhost: "127.0.0.1",
    dbport: port,
    dbpass_kam: "secret",
    dbuser_root: "postgres",
    dbpass_root: postgresPassword,
    ...more,
  };
}
