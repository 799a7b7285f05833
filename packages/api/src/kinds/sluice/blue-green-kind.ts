import { sameJson, type Violation } from "@sluice/kernel";
import type { KindDefinition } from "../../contract/kind-definition.ts";
import { ageColumn, column, fieldColumn, nameColumn, wideColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import { forbidden } from "../rules.ts";
import type { BlueGreenDeployment } from "./blue-green.ts";
import { isUnderWay } from "./blue-green-progress.ts";
import { blueGreenSpec, blueGreenStatus } from "./blue-green-schema.ts";

export const blueGreenDeploymentKind: KindDefinition = {
  group: "sluice.dev",
  versions: ["v1alpha1"],
  kind: "BlueGreenDeployment",
  plural: "bluegreendeployments",
  singular: "bluegreendeployment",
  shortNames: ["bg"],
  categories: ["sluice"],
  namespaced: true,
  schema: resource(
    "A deploy over two Deployments and the Service of the same name.",
    { spec: blueGreenSpec, status: blueGreenStatus },
    ["spec"],
  ),
  status: true,
  columns: [
    nameColumn,
    fieldColumn("Phase", "status.phase"),
    column<BlueGreenDeployment>("Switch", ({ status }) => `${status?.from ?? "?"} -> ${status?.to ?? "?"}`),
    fieldColumn("Image", "status.image"),
    ageColumn,
    wideColumn<BlueGreenDeployment>("Message", ({ status }) => status?.message),
  ],
  validate: (object, old) =>
    old === undefined ? [] : checkChange(object as BlueGreenDeployment, old as BlueGreenDeployment),
};

/** While one deploy is under way there is no other: it may only be taken back. */
function checkChange(next: BlueGreenDeployment, old: BlueGreenDeployment): readonly Violation[] {
  const rest = ({ abort: _, by: __, ...spec }: BlueGreenDeployment["spec"]) => spec;
  if (!isUnderWay(old) || sameJson(rest(next.spec), rest(old.spec))) return [];
  const { release, image = "the image it had", by } = old.spec;
  return [
    forbidden({
      path: "spec",
      found: "another deploy",
      expected: `the end of deploy ${release} (${image}${by === undefined ? "" : `, by ${by}`}), which is ${old.status?.phase ?? "about to begin"}`,
      repair: "wait for it, or set spec.abort to take it back",
    }),
  ];
}
