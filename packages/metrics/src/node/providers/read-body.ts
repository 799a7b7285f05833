/** All of a body, or an Error once it is larger than `most` bytes; the rest is not read. */
export async function readBody(body: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    // Leaving the loop destroys the stream, and the connection with it.
    if (length > most) throw new Error(`the answer is larger than ${Math.round(most / 1024 / 1024)} MiB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
