import pg from "pg";
import type { Reveal } from "../../compute/host/secrets.js";
import { UserError } from "../../errors.js";
import type { Database } from "../../understand/fleet.js";
import { asKamailio, withConnection } from "./connect.js";
import { initDatabase, verifierOf } from "./init.js";

/** Whether the role can log in with the fleet file's password. Throws other errors. */
export async function logsIn(database: Database, reveal: Reveal): Promise<boolean> {
  try {
    await asKamailio(database, reveal, () => Promise.resolve());
    return true;
  } catch (error) {
    const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: string };
    if (code === "28P01") return false;
    throw error;
  }
}

/** Sets the fleet file's password, as administrator or as the role with its old password. The server gets a verifier, not the text. */
export async function changePassword(
  database: Database,
  reveal: Reveal,
  old: string | undefined,
): Promise<void> {
  if (old === undefined && database.dbuser_root !== undefined) {
    await initDatabase(database, reveal);
    return;
  }
  const { dbpass_kam, dbuser_kam: user, db_kam } = database;
  if (old === undefined || dbpass_kam === undefined)
    throw new UserError(
      `${user} cannot log in with the password in the fleet file, and there is no other login to change it with`,
      {
        hint: "add dbuser_root and dbpass_root to the fleet file, or use --old-password-file FILE with the old password",
      },
    );
  const verifier = verifierOf(reveal(dbpass_kam, "one line", "dbpass_kam"));
  const login = { user, password: dbpass_kam, database: db_kam };
  const role = pg.escapeIdentifier(user);
  await withConnection(
    database,
    login,
    () => old,
    async (client) => {
      await client.query(`ALTER ROLE ${role} PASSWORD ${pg.escapeLiteral(verifier)}`);
    },
  );
}
