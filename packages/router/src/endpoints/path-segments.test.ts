import { expect, test } from "vitest";
import { pathTemplate } from "./path-segments.ts";

test.each([
  ["/", "/"],
  ["/?page=2", "/"],
  ["/checkout", "/checkout"],
  ["/checkout/", "/checkout"],
  ["//checkout//now", "/checkout/now"],
  ["/orders/17/items?page=2#top", "/orders/:id/items"],
  ["/orders/0", "/orders/:id"],
  ["/users/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/users/:id"],
  ["/commits/9fceb02", "/commits/9fceb02"],
  ["/commits/9fceb02d", "/commits/:id"],
  ["/blobs/deadbeefdeadbeef", "/blobs/:id"],
  ["/facade", "/facade"],
  ["/orders/ORD-2024-17", "/orders/:id"],
  ["/watch/dQw4w9WgXcQ", "/watch/:id"],
  ["/v1/reset/V1StGXR8_Z5jdHi6B-myT", "/v1/reset/:id"],
  ["/passwordResetConfirmation", "/passwordResetConfirmation"],
  ["/oauth2/token", "/oauth2/token"],
  ["/OAuth2Callback", "/OAuth2Callback"],
  ["/reports/2026-11-28", "/reports/:id"],
  ["/users/ada%40example.org", "/users/:id"],
  ["/shop.Cart/AddItem", "/shop.Cart/AddItem"],
  ["/v1/projects/demo:activate", "/v1/projects/demo:activate"],
  ["/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/*"],
  [`/${"a".repeat(41)}`, "/:id"],
])("%s is an instance of %s", (target, template) => {
  expect(pathTemplate(target)).toBe(template);
});

test("the asterisk of OPTIONS is no path", () => {
  expect(pathTemplate("*")).toBeUndefined();
});
