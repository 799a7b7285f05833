import type { DatabaseSync } from "node:sqlite";
import { Fault } from "@sluice/kernel";

/** "Sluc": tells our file from any other SQLite database. */
const applicationId = 0x53_6c_75_63;

/** Each brings a database from the version that is its index to the next. Never edited, only added to. */
const migrations: readonly string[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT;
   CREATE TABLE objects (
     kind TEXT NOT NULL,
     namespace TEXT NOT NULL,
     name TEXT NOT NULL,
     revision INTEGER NOT NULL,
     json TEXT NOT NULL,
     PRIMARY KEY (kind, namespace, name)
   ) STRICT;
   INSERT INTO meta VALUES ('reserved', 0);`,
];

/**
 * What stands in the file, before anything is written to it.
 * Faults: `invalid` where it is another program's, or a newer Sluice's.
 */
export function checkIdentity(database: DatabaseSync, path: string): void {
  const isEmpty = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count === 0;
  if (!isEmpty && pragma(database, "application_id") !== applicationId) {
    throw new Fault("invalid", `${path} is a SQLite database of another program: choose another state folder`);
  }
  const version = pragma(database, "user_version");
  if (version <= migrations.length) return;
  throw new Fault(
    "invalid",
    `${path} was written by a newer Sluice: found schema ${version}, this one reads up to ${migrations.length}; ` +
      "start the newer version, or choose another state folder",
  );
}

/** Brings the database to this program's schema, in one transaction. */
export function migrate(database: DatabaseSync): void {
  const version = pragma(database, "user_version");
  if (version === migrations.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`);
    database.exec("COMMIT");
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw cause;
  }
}

function pragma(database: DatabaseSync, name: "application_id" | "user_version"): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
