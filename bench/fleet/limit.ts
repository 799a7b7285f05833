import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { realClock } from "../../packages/cli/src/control-plane/real-clock.ts";

/**
 * How late the least is done that any controller must do when a pause is over: a timer fires and `commits` small
 * transactions reach the disk, by Node and SQLite alone. Milliseconds after the instant, one for each of `rounds`.
 */
export async function timersAndCommits(rounds: number, commits: number): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-limit-"));
  const database = new DatabaseSync(join(folder, "bare.db"));
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("CREATE TABLE rows (name INTEGER PRIMARY KEY, json TEXT)");
    const put = database.prepare("INSERT OR REPLACE INTO rows VALUES (?, ?)");
    const text = "x".repeat(3000);
    const late: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const due = realClock.now() + 20;
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (let commit = 0; commit < commits; commit++) {
        database.exec("BEGIN IMMEDIATE");
        put.run(round % 200, text);
        database.exec("COMMIT");
      }
      late.push(Math.max(0, realClock.now() - due));
    }
    return late;
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
