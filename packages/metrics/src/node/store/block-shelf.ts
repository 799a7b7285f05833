import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Chunk } from "../../storage/chunk.ts";
import { Block, type BlockSeries, writeBlock } from "./block.ts";

const openBlocksMax = 32;

/** The blocks of a folder, oldest first. What can't be read is told to `onDamage` and done without. */
export class BlockShelf {
  readonly #folder: string;
  readonly #onDamage: (message: string) => void;
  #blocks: Block[] = [];

  constructor(folder: string, onDamage: (message: string) => void) {
    this.#folder = folder;
    this.#onDamage = onDamage;
    for (const number of numbersOf(readdirSync(folder), "block")) {
      const block = Block.open(this.#path(number));
      if (block === undefined) onDamage(`block ${number} of the metrics is damaged and is not read`);
      else this.#blocks.push(block);
    }
  }

  #path(number: number): string {
    return numbered(this.#folder, "block", number);
  }

  get count(): number {
    return this.#blocks.length;
  }

  get bytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.size, 0);
  }

  async add(number: number, series: readonly BlockSeries[]): Promise<void> {
    await writeBlock(this.#path(number), series);
    const block = Block.open(this.#path(number));
    if (block !== undefined) this.#blocks.push(block);
  }

  /** Chunks that reach into (after, until] and begin before `before`. */
  chunks(ref: number, after: number, until: number, before: number): readonly Chunk[] {
    const chunks: Chunk[] = [];
    for (const block of this.#blocks) {
      if (block.maxTime <= after || block.minTime > until || block.minTime >= before) continue;
      try {
        for (const chunk of block.chunks(ref))
          if (chunk.end > after && chunk.start <= until && chunk.start < before) chunks.push(chunk);
      } catch (thrown) {
        this.#onDamage(`samples from before are missing: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
    }
    for (const block of this.#blocks.filter((each) => each.isOpen).slice(0, -openBlocksMax)) block.close();
    return chunks;
  }

  /** Removes blocks that ended before `oldest`, and the oldest of those that take more than `bytes` together. */
  retain(oldest: number, bytes: number): boolean {
    let sum = 0;
    const kept: Block[] = [];
    for (const block of this.#blocks.toReversed()) {
      sum += block.size;
      if (block.maxTime >= oldest && sum <= bytes) kept.unshift(block);
      else {
        block.close();
        rmSync(block.path, { force: true });
      }
    }
    const hasChanged = kept.length < this.#blocks.length;
    this.#blocks = kept;
    return hasChanged;
  }

  /** The numbers of all series that have samples here; undefined where that can't be told. */
  refs(): Set<number> | undefined {
    const refs = new Set<number>();
    try {
      for (const block of this.#blocks) for (const ref of block.refs()) refs.add(ref);
    } catch (thrown) {
      this.#onDamage(thrown instanceof Error ? thrown.message : String(thrown));
      return undefined;
    }
    return refs;
  }

  close(): void {
    for (const block of this.#blocks) block.close();
  }
}

export const numbered = (folder: string, kind: "block" | "journal", number: number): string =>
  join(folder, `${kind}-${String(number).padStart(8, "0")}`);

export function numbersOf(files: readonly string[], kind: "block" | "journal"): number[] {
  return files
    .map((name) => new RegExp(`^${kind}-(\\d{8})$`).exec(name)?.[1])
    .flatMap((digits) => (digits === undefined ? [] : [Number(digits)]))
    .sort((one, other) => one - other);
}
