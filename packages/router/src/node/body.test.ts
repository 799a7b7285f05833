import fc from "fast-check";
import { expect, test } from "vitest";
import { BodyFollower, chunkedLength } from "./body.ts";

/** Feeds a body in pieces; gives how many bytes it took, or undefined where it is broken. */
function follow(
  text: string,
  cuts: readonly number[] = [],
): { taken: number; isDone: boolean; data: string } | undefined {
  const follower = new BodyFollower();
  follower.start(chunkedLength);
  const bytes = Buffer.from(text, "latin1");
  let taken = 0;
  let data = "";
  const ends = [...new Set([...cuts, bytes.length])].filter((cut) => cut <= bytes.length).sort((a, b) => a - b);
  for (const end of ends) {
    if (follower.isDone) break;
    follower.ranges = [];
    taken = follower.take(bytes, taken, end);
    for (const range of follower.ranges) data += bytes.toString("latin1", range.start, range.end);
    if (follower.isBroken) return undefined;
  }
  return { taken, isDone: follower.isDone, data };
}

const whole = "5;name=value\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nX-Checksum: abc\r\nY: z\r\n\r\n";

test("chunks, extensions and trailers are followed to their end and no further", () => {
  expect(follow(`${whole}GET / HTTP/1.1`)).toEqual({ taken: whole.length, isDone: true, data: "hello 0123456789" });
});

test("it doesn't matter where the pieces are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: whole.length })), (cuts) => {
      expect(follow(`${whole}next`, cuts)).toEqual({ taken: whole.length, isDone: true, data: "hello 0123456789" });
    }),
  );
});

test.each([
  "5\nhello\r\n0\r\n\r\n",
  "5 \r\nhello\r\n0\r\n\r\n",
  "0x5\r\nhello\r\n0\r\n\r\n",
  "-5\r\nhello\r\n0\r\n\r\n",
  "\r\nhello",
  "5\r\nhello0\r\n\r\n",
  "5\r\nhello!\r\n0\r\n\r\n",
  "5\r\nhello\n0\r\n\r\n",
  "5;a\nb\r\nhello\r\n0\r\n\r\n",
  `5;${"a".repeat(5000)}\r\nhello\r\n0\r\n\r\n`,
  "1000000000000\r\n",
  "0\r\nno colon\r\n\r\n",
  "0\r\nContent-Length: 5\r\n\r\n",
  "0\r\nTransfer-Encoding: chunked\r\n\r\n",
  "0\r\nA: b\nC: d\r\n\r\n",
  "0\r\n\rX",
  `0\r\nA: ${"a".repeat(20_000)}\r\n\r\n`,
])("broken framing is seen: %j", (text) => {
  expect(follow(text)).toBeUndefined();
});

test("a body of a known length ends at it", () => {
  const follower = new BodyFollower();
  follower.start(5);

  expect(follower.take(Buffer.from("abc"), 0, 3)).toBe(3);
  expect(follower.isDone).toBe(false);
  expect(follower.take(Buffer.from("deNEXT"), 0, 6)).toBe(2);
  expect(follower.isDone).toBe(true);
});
