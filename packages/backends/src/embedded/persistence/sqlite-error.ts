// https://www.sqlite.org/rescode.html
const busy = 5;
const ioError = 10;
const full = 13;

/** The primary result code; extended ones carry it in their low byte. */
function resultCode(thrown: unknown): number | undefined {
  return thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number"
    ? thrown.errcode & 0xff
    : undefined;
}

export const isBusy = (thrown: unknown): boolean => resultCode(thrown) === busy;

/** The disk's doing, not the file's. */
export function isDiskTrouble(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === ioError || code === full;
}

/** What happened, for people who know disks, not SQLite. */
export function describeSqliteError(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  switch (resultCode(thrown)) {
    case full:
      return `the disk is full (${message})`;
    case ioError:
      return `the disk refused to read or write (${message})`;
    default:
      return message;
  }
}
