import { connect, type Socket } from "node:net";
import { pipeline } from "node:stream";
import { type Clock, millis } from "@sluice/kernel";
import type { Backend, BackendSet } from "../backend.ts";
import type { RoutedBackend } from "./upstream.ts";

const maxAttempts = 4;

/** Passes a connection's bytes on as they are, for Services that speak no HTTP. */
export function forwardTcp(client: Socket, set: BackendSet<RoutedBackend>, now: () => number): void {
  client.on("error", () => {}); // "close" follows
  connectTo(client, set, now, new Set());
}

function connectTo(client: Socket, set: BackendSet<RoutedBackend>, now: () => number, tried: Set<Backend>): void {
  const backend = tried.size < maxAttempts ? set.choose(now(), tried) : undefined;
  if (backend === undefined || client.destroyed) {
    client.resetAndDestroy();
    return;
  }
  tried.add(backend);
  const upstream = connect({ host: backend.address, port: backend.port, noDelay: true, allowHalfOpen: true });
  const onRefused = () => connectTo(client, set, now, tried);
  upstream.once("error", onRefused);
  upstream.once("connect", () => {
    upstream.off("error", onRefused);
    backend.outstanding++;
    pipeline(client, upstream, () => {});
    pipeline(upstream, client, () => {});
    upstream.once("close", () => {
      backend.outstanding--;
    });
  });
}

const methods = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) /;
/** A server that speaks first is given this long to be recognised by the client's silence. */
const silenceMillis = 150;

/** By its first bytes, whether a client speaks HTTP; https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/ */
export function detectHttp(client: Socket, clock: Clock, decide: (isHttp: boolean) => void): void {
  const onError = () => timer.cancel();
  const finish = (isHttp: boolean) => {
    timer.cancel();
    client.off("data", onData);
    client.off("error", onError);
    client.pause();
    decide(isHttp);
  };
  const onData = (chunk: Buffer) => {
    client.off("data", onData);
    client.pause();
    client.unshift(chunk);
    finish(methods.test(chunk.toString("latin1", 0, 8)));
  };
  const timer = clock.after(millis(silenceMillis), () => finish(false));
  client.on("error", onError);
  client.on("data", onData);
}
