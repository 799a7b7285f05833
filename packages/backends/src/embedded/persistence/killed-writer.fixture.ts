import { writeSync } from "node:fs";
import type { Resource } from "@sluice/api";
import { randomInteger, seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { configMapKinds } from "./config-map-kinds.fixture.ts";
import { openSqlitePersistence } from "./sqlite-persistence.ts";

// Writes as fast as it can and says what was acknowledged, one line each, until it is killed.

const [, , path = "", seed = "1"] = process.argv;
const random = seededRandom(Number(seed));
const { client } = await createStore({
  kinds: configMapKinds(),
  clock: new VirtualClock(),
  random,
  persistence: openSqlitePersistence(path),
  schedule: setImmediate,
});

const configMap = (name: string, count: number): Resource & { data: object } => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data: { count: String(count), padding: "x".repeat(randomInteger(random, 4000)) },
});
const keyOf = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name });
const tell = (...words: readonly (string | number | undefined)[]) => writeSync(1, `${words.join(" ")}\n`);

async function countUp(name: string): Promise<void> {
  for (;;) {
    const old = (await client.get(keyOf(name))) as { data?: { count: string } } | undefined;
    const count = Number(old?.data?.count ?? 0) + 1;
    const write = old === undefined ? client.create(configMap(name, count)) : client.update(configMap(name, count));
    tell("counted", name, count, (await write).metadata.resourceVersion);
  }
}

async function comeAndGo(): Promise<void> {
  for (let turn = 0; ; turn++) {
    const name = `brief-${seed}-${turn}`;
    tell("created", name, 0, (await client.create(configMap(name, 0))).metadata.resourceVersion);
    tell("deleted", name, 0, (await client.delete(keyOf(name)))?.metadata.resourceVersion);
  }
}

tell("ready", "", 0, "");
await Promise.all([...Array.from({ length: 5 }, (_, index) => countUp(`counter-${index}`)), comeAndGo()]);
