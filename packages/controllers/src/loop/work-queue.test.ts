import { expect, test } from "vitest";
import { WorkQueue } from "./work-queue.ts";

test("what is due goes first, three times in a row at most while others wait", () => {
  const queue = new WorkQueue<{ readonly name: string; readonly isDue: boolean }>();
  for (let index = 0; index < 3; index++) queue.push({ name: `rest-${index}`, isDue: false });
  for (let index = 0; index < 5; index++) queue.push({ name: `due-${index}`, isDue: true });

  const order = Array.from({ length: 9 }, () => queue.shift()?.name);

  const first = ["due-0", "due-1", "due-2", "rest-0"];
  expect(order).toEqual([...first, "due-3", "due-4", "rest-1", "rest-2", undefined]);
  expect(queue.length).toBe(0);
});
