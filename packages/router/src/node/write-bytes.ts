import type { Socket } from "node:net";

/** Up to here a copy by way of a latin1 string is cheaper than a Buffer of its own. */
const smallBytes = 8192;

/** Writes bytes of a buffer that will be used again. False where the reader is slower than we are. */
export function writeCopy(socket: Socket, bytes: Buffer, from: number, to: number): boolean {
  if (from >= to) return !socket.writableNeedDrain;
  if (to - from <= smallBytes) return socket.write(bytes.toString("latin1", from, to), "latin1");
  return socket.write(Buffer.copyBytesFrom(bytes, from, to - from));
}

/** A head and bytes of a buffer that will be used again, in one write where they are few. */
export function writeHeadAndCopy(socket: Socket, head: string, bytes: Buffer, from: number, to: number): boolean {
  if (from >= to) return socket.write(head, "latin1");
  if (to - from <= smallBytes) return socket.write(head + bytes.toString("latin1", from, to), "latin1");
  socket.cork();
  socket.write(head, "latin1");
  const isFlowing = socket.write(Buffer.copyBytesFrom(bytes, from, to - from));
  socket.uncork();
  return isFlowing;
}
