import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Resource } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { type Batch, type Change, jsonOf, type Loaded, type Persistence } from "@sluice/store";
import { checkIdentity, migrate } from "./schema.ts";
import { describeSqliteError, isBusy, isDiskTrouble } from "./sqlite-error.ts";

/** About 4 MB of log, as SQLite's own checkpoints. */
const changesToACheckpoint = 400;
/** What is due is due at whole seconds, and done by then. */
const checkpointAfterMillis = 400;

interface Statements {
  readonly put: StatementSync;
  readonly remove: StatementSync;
  readonly reserve: StatementSync;
  readonly probe: StatementSync;
}

/**
 * The store's objects in one SQLite file (mode 0600, WAL, synchronous FULL): what is committed outlives the process
 * and the power. The file is locked while it is open.
 * Faults of opening: `unavailable` where another process holds it, `invalid` where it is damaged, newer, or no store.
 */
export function openSqlitePersistence(path: string): Persistence {
  const database = open(path);
  const statements: Statements = {
    put: database.prepare(
      "INSERT INTO objects (kind, namespace, name, revision, json) VALUES (?, ?, ?, ?, ?) " +
        "ON CONFLICT (kind, namespace, name) DO UPDATE SET revision = excluded.revision, json = excluded.json",
    ),
    remove: database.prepare("DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?"),
    reserve: database.prepare("UPDATE meta SET value = ? WHERE key = 'reserved'"),
    probe: database.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', zeroblob(?))"),
  };
  let reserved = 0;
  let sinceCheckpoint = 0;
  let checkpoint: NodeJS.Timeout | undefined;

  /** Not within a commit, as SQLite does it by itself: that one would take ten times as long as others. */
  function checkpointSoon(changes: number): void {
    sinceCheckpoint += changes;
    if (sinceCheckpoint < changesToACheckpoint || checkpoint !== undefined) return;
    checkpoint = setTimeout(() => {
      checkpoint = undefined;
      sinceCheckpoint = 0;
      try {
        database.exec("PRAGMA wal_checkpoint(PASSIVE)");
      } catch {
        // Nothing is lost: it stands in the log, and the next commit says what is wrong with the disk.
      }
    }, checkpointAfterMillis);
    checkpoint.unref();
  }

  function transact(work: () => void): void {
    try {
      database.exec("BEGIN IMMEDIATE");
      work();
      database.exec("COMMIT");
    } catch (cause) {
      // SQLite may have rolled back by itself, as it does when the disk is full.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw new Fault("unavailable", describeSqliteError(cause), { cause });
    }
  }

  return {
    load(): Loaded {
      reserved = Number(database.prepare("SELECT value FROM meta WHERE key = 'reserved'").get()?.value);
      return { objects: readObjects(database, path), reserved };
    },

    commit(batch: Batch): void {
      transact(() => {
        for (const change of lastOfEach(batch.changes)) write(statements, change);
        if (batch.reserved !== reserved) statements.reserve.run(batch.reserved);
      });
      reserved = batch.reserved;
      checkpointSoon(batch.changes.length);
    },

    probe(): void {
      // Some pages' worth: a disk that has room for a byte only would refuse the next commit.
      transact(() => statements.probe.run(64 * 1024));
      transact(() => statements.probe.run(0));
    },

    close(): void {
      clearTimeout(checkpoint);
      if (database.isOpen) database.close();
    },
  };
}

function open(path: string): DatabaseSync {
  // SQLite gives the files beside it the same mode; the store holds Secrets.
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    checkIdentity(database, path);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    // Only where ours don't come in time: 64 MB of log.
    database.exec("PRAGMA wal_autocheckpoint = 16000");
    database.exec("BEGIN IMMEDIATE; COMMIT"); // takes the lock that is then kept
    const check = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    if (check !== "ok") throw damaged(path, String(check));
    migrate(database);
    return database;
  } catch (cause) {
    database.close();
    if (cause instanceof Fault) throw cause;
    if (isBusy(cause)) {
      throw new Fault(
        "unavailable",
        `${path} is in use by another process: only one Sluice may run on a state folder`,
        {
          cause,
        },
      );
    }
    if (isDiskTrouble(cause)) {
      throw new Fault("unavailable", `${path} can't be opened: ${describeSqliteError(cause)}`, { cause });
    }
    throw damaged(path, describeSqliteError(cause), cause);
  }
}

function* readObjects(database: DatabaseSync, path: string): Iterable<Resource> {
  for (const row of database.prepare("SELECT kind, namespace, name, json FROM objects").iterate()) {
    try {
      yield JSON.parse(String(row.json));
    } catch (cause) {
      throw damaged(path, `${row.kind} ${row.namespace}/${row.name} is no JSON`, cause);
    }
  }
}

const damaged = (path: string, what: string, cause?: unknown): Fault =>
  new Fault(
    "invalid",
    `${path} can't be read as a store: ${what}; restore it from a copy, or move it away to begin anew`,
    {
      cause,
    },
  );

/** Within one commit only an object's last state is worth a write. */
function lastOfEach(changes: readonly Change[]): Iterable<Change> {
  return new Map(changes.map((change) => [`${change.table}\u0000${change.row}`, change])).values();
}

function write(statements: Statements, { table, row, revision, after }: Change): void {
  const [namespace = "", name = ""] = row.split("\u0000");
  if (after === undefined) statements.remove.run(table, namespace, name);
  else statements.put.run(table, namespace, name, revision, jsonOf(after));
}
