/** Redraws a few lines in place, without flicker: moves up, overwrites, clears what is left over. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  #lines = 0;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
  }

  draw(text: string): void {
    const columns = this.#stream.columns ?? 120;
    const rows = (this.#stream.rows ?? 50) - 1;
    const lines = text.split("\n").slice(0, rows);
    const up = this.#lines > 0 ? `\u001b[${this.#lines}A` : "";
    // One write, or the terminal shows the halves.
    this.#stream.write(`${up}\r${lines.map((line) => `${clip(line, columns)}\u001b[K`).join("\n")}\n\u001b[J`);
    this.#lines = lines.length;
  }

  /** Leaves what was drawn; the next drawing begins below it. */
  keep(): void {
    this.#lines = 0;
  }
}

function clip(line: string, columns: number): string {
  let shown = 0;
  let out = "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are control characters
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b[")) out += part;
    else {
      const characters = [...part].slice(0, Math.max(0, columns - shown));
      shown += characters.length;
      out += characters.join("");
    }
  }
  return out;
}
