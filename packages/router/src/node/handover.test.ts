import { fork } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { millis, seconds } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, endAll, get, raw, routerFor, shopTable } from "./fixture.ts";
import { load, pause } from "./load.fixture.ts";

afterEach(endAll);

test("drain waits for what is under way, but no longer than it is told", async () => {
  const { port: v1 } = await backend(() => {});
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const socket = net.connect(port, "127.0.0.1");
  atEnd(() => socket.destroy());
  socket.write(get());
  while (router.stats.active === 0) await pause(2);

  const inTime = await router.drain(`v1-${v1}`, millis(30));
  const later = router.drain(`v1-${v1}`, seconds(5));
  const refused = await raw(port, get("/", "Connection: close\r\n"));
  socket.destroy();

  expect(inTime).toBe(false);
  expect(await later).toBe(true);
  expect(refused).toMatch(/^HTTP\/1\.1 503 /);
});

test("a graceful end lets requests finish, tells clients to connect anew, and takes no more", async () => {
  let finish: (() => void) | undefined;
  const { port: v1 } = await backend((_, response) => {
    finish = () => response.end("ended");
  });
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const answer = raw(port, get());
  while (finish === undefined) await pause(2);

  const closed = router.close({ graceful: seconds(5) });
  const refused = await raw(port, get()).catch((error: NodeJS.ErrnoException) => error.code);
  finish();
  await closed;

  expect(await answer).toMatch(/Connection: close\r\n\r\n[\s\S]*ended/);
  expect(refused).toBe("ECONNREFUSED");
});

test("a successor in another process goes on with the sockets, and no request fails", async () => {
  const { port: v1 } = await backend((_, response) => setTimeout(() => response.end(), 2));
  const table = shopTable({ v1: [v1] });
  const { router, port } = await routerFor(table);
  const successor = fork(new URL("successor-fixture.ts", import.meta.url));
  atEnd(() => successor.kill("SIGKILL"));
  const running = load(port);
  await running.more(100);

  successor.send({ table });
  for (const { role, server } of router.sockets) {
    const adopted = once(successor, "message");
    successor.send({ role }, server);
    await adopted;
  }
  await router.close({ graceful: seconds(5) });
  await running.more(100);
  await running.stop();
  successor.send({ isEnd: true });
  const [{ requests }] = (await once(successor, "message")) as [{ requests: number }];

  expect([...running.codes.keys()]).toEqual(["200"]);
  expect(router.stats.requests).toBeGreaterThan(50);
  expect(requests).toBeGreaterThan(50);
});
