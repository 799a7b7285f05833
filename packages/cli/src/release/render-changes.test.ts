import { expect, test } from "vitest";
import { renderChanges } from "./render-changes.ts";

const after = { revision: 5, podTemplateHash: "new" };
const before = { revision: 4, podTemplateHash: "old" };

test("each place with what it was and what it becomes; of secrets only that they are others", () => {
  const text = renderChanges({
    after,
    before,
    isUnderWay: true,
    template: [{ at: "containers[shop].image", before: "shop:v1", after: "shop:v2" }],
    configuration: [
      { kind: "ConfigMap", name: "shop", changes: [{ at: "fee", after: "a\nb" }] },
      {
        kind: "Secret",
        name: "db",
        changes: [{ at: "password", before: "(hidden)", after: "(hidden)", isHidden: true }],
      },
    ],
  });

  expect(text).toBe(
    [
      "revision 5 against 4, which is stable",
      "",
      "  pod template",
      "    containers[shop].image",
      "      - shop:v1",
      "      + shop:v2",
      "",
      "  ConfigMap shop",
      "    fee",
      "      + a",
      "      + b",
      "",
      "  Secret db",
      "    password is another (its value isn't shown)",
    ].join("\n"),
  );
});

test.each([
  [{ after, isUnderWay: true, template: [], configuration: [] }, "revision 5 is the first: all of it is new"],
  [{ after, before, isUnderWay: false, template: [], configuration: [] }, "revision 5 against 4\n\n  nothing differs"],
])("nothing to compare is said", (changes, expected) => {
  expect(renderChanges(changes)).toBe(expected);
});
