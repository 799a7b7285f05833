import { type FileHandle, open } from "node:fs/promises";

const lineFeed = 10;
/** Longer than any line that is written: one that is longer is none, and isn't gathered. */
const lineBytesMax = 16 * 1024 * 1024;

/**
 * A file's lines in order, some hundred at a time: it may be longer than any string can be. An empty text stands for what is too
 * long to be one. Undefined where there is no file.
 */
export async function linesOf(path: string): Promise<AsyncIterable<readonly string[]> | undefined> {
  const file = await openIfThere(path);
  return file === undefined ? undefined : split(file.createReadStream({ highWaterMark: 1024 * 1024 }));
}

/** What is there and can't be opened, as by a process with too many open files, isn't nothing. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function* split(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  let begun: Buffer[] = [];
  let length = 0;
  const take = (last: Buffer): string => {
    const line = length + last.length > lineBytesMax ? "" : Buffer.concat([...begun, last]).toString("utf8");
    begun = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    const lines: string[] = [];
    let from = 0;
    for (let to = chunk.indexOf(lineFeed); to !== -1; to = chunk.indexOf(lineFeed, from)) {
      lines.push(take(chunk.subarray(from, to)));
      from = to + 1;
    }
    length += chunk.length - from;
    if (length > lineBytesMax) begun = [];
    else begun.push(chunk.subarray(from));
    yield lines;
  }
  if (length > 0) yield [take(Buffer.alloc(0))];
}
