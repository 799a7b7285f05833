import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, endAll, routerFor, shopTable } from "./fixture.ts";

afterEach(endAll);

const pause = (wait: number) => new Promise((resolve) => setTimeout(resolve, wait));

test("Services are reached at their own addresses, HTTP and anything else", async () => {
  const { port: http1 } = await backend((_, response) => response.end("page"));
  const greeter = net.createServer((socket) => socket.write("220 hello\r\n").valueOf() && socket.pipe(socket));
  await once(greeter.listen(0, "127.0.0.1"), "listening");
  atEnd(() => greeter.close());
  const tcp = (greeter.address() as net.AddressInfo).port;
  const probe = net.createServer();
  await once(probe.listen(0, "127.77.0.1"), "listening");
  const free = (probe.address() as net.AddressInfo).port;
  probe.close();
  const table = shopTable({ v1: [http1] });
  const service = table.services[0]!;
  const endpoints = [{ uid: "a", address: "127.0.0.1", ports: [http1, tcp] }];
  const ports = [
    { number: free, protocol: "detect" as const },
    { number: free + 1, protocol: "detect" as const },
  ];
  const withAddress = (version: number, clusterIP: string) => ({
    ...table,
    version,
    services: [{ ...service, clusterIP, ports, endpoints }],
  });
  const { router } = await routerFor(withAddress(1, "127.77.0.1"), { listensOnServices: true });
  while (router.sockets.length < 3) await pause(2);

  const page = await new Promise<string>((resolve) => {
    http.get({ host: "127.77.0.1", port: free }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve(body);
    });
  });
  const socket = net.connect(free + 1, "127.77.0.1");
  const [greeting] = await once(socket, "data");
  socket.write("EHLO\r\n");
  const [echoed] = await once(socket, "data");
  socket.destroy();
  router.apply(withAddress(2, "127.77.0.2"));
  while (router.sockets.length < 3) await pause(2);

  expect([page, String(greeting), String(echoed)]).toEqual(["page", "220 hello\r\n", "EHLO\r\n"]);
  expect(router.sockets.map(({ role }) => role).sort()).toEqual(
    ["router", `service 127.77.0.2:${free}`, `service 127.77.0.2:${free + 1}`].sort(),
  );
});
