import { expect, test } from "vitest";
import { serviceAddress } from "./service-address.ts";

const shop = { namespace: "default", name: "shop", clusterIP: "127.64.0.9" };

test("a Service is reached at its ClusterIP where that can be bound", () => {
  expect(serviceAddress(shop, 80, { bindsPrivilegedPorts: true })).toEqual({ host: "127.64.0.9", port: 80 });
  expect(serviceAddress(shop, 8080, { bindsPrivilegedPorts: false })).toEqual({ host: "127.64.0.9", port: 8080 });
});

test("else at a port of 127.0.0.1 that follows from its names alone", () => {
  const ordinary = serviceAddress(shop, 80, { bindsPrivilegedPorts: false });
  const elsewhere = serviceAddress({ namespace: "default", name: "shop" }, 80, { bindsPrivilegedPorts: true });

  expect(ordinary).toEqual(elsewhere);
  expect(ordinary.host).toBe("127.0.0.1");
  expect(ordinary.port).toBeGreaterThanOrEqual(30_000);
  expect(ordinary.port).toBeLessThan(40_000);
  expect(serviceAddress({ ...shop, name: "api" }, 80, { bindsPrivilegedPorts: false })).not.toEqual(ordinary);
});
