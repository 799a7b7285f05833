import type { Schema } from "../contract/schema.ts";
import {
  anyObject,
  at,
  atomicObject,
  choice,
  flag,
  keyed,
  list,
  long,
  object,
  text,
  textList,
  textMap,
  textSet,
  time,
} from "../schema/build.ts";

const labelSelectorRequirement = object(
  "One rule on one label.",
  {
    key: at(1, text("The label.", { minLength: 1 })),
    operator: at(2, choice("How the label relates to the values.", ["In", "NotIn", "Exists", "DoesNotExist"])),
    values: at(3, textList("The values, for In and NotIn.")),
  },
  { required: ["key", "operator"] },
);

export const labelSelector = atomicObject("Which labels match: all of matchLabels and all of matchExpressions.", {
  matchLabels: at(1, textMap("Labels with the values that they must have.")),
  matchExpressions: at(2, list("Rules that must all hold.", labelSelectorRequirement)),
});

const ownerReference = atomicObject(
  "An object that this one belongs to: it is collected when its owners are gone.",
  {
    apiVersion: at(5, text("API version of the owner.", { minLength: 1 })),
    kind: at(1, text("Kind of the owner.", { minLength: 1 })),
    name: at(3, text("Name of the owner.", { minLength: 1 })),
    uid: at(4, text("UID of the owner.", { minLength: 1 })),
    controller: at(6, flag("The owner that controls this object; at most one does.")),
    blockOwnerDeletion: at(7, flag("Foreground deletion of the owner waits for this object.")),
  },
  { required: ["apiVersion", "kind", "name", "uid"] },
);

const managedFieldsEntry = object("Who wrote which fields.", {
  manager: at(1, text("Name of the writer.")),
  operation: at(2, choice("How it wrote.", ["Apply", "Update"])),
  apiVersion: at(3, text("Version of the kind that it wrote.")),
  time: at(4, time("When it last wrote.")),
  fieldsType: at(6, text("FieldsV1.")),
  fieldsV1: at(7, anyObject("The set of fields.")),
  subresource: at(8, text("The subresource that it wrote through.")),
});

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
export const objectMeta = object("Name, labels and bookkeeping of every object.", {
  name: at(1, text("Unique in its namespace and kind. Can't be changed.")),
  generateName: at(2, text("A prefix; the server adds five characters. Only where name is absent.")),
  namespace: at(3, text("The namespace that holds the object. Can't be changed.")),
  selfLink: at(4, text("Deprecated, ignored.")),
  uid: at(5, text("Unique over space and time. Set by the server.")),
  resourceVersion: at(6, text("Changes with every write. Sent back, it makes a write conditional.")),
  generation: at(7, long("Counts changes of the desired state. Set by the server.")),
  creationTimestamp: at(8, time("When it was created. Set by the server.")),
  deletionTimestamp: at(9, time("When it will be, or was asked to be, deleted. Set by the server.")),
  deletionGracePeriodSeconds: at(10, long("How long it may take to end. Set by the server.")),
  labels: at(11, textMap("Short values to select by.")),
  annotations: at(12, textMap("Any values, not to select by.")),
  ownerReferences: at(
    13,
    keyed("The objects that this one belongs to.", ["uid"], ownerReference, { "x-sluice-doubles": "allowed" }),
  ),
  finalizers: at(
    14,
    textSet("Who must agree before the object goes.", {
      "x-kubernetes-patch-strategy": "merge",
      "x-sluice-doubles": "allowed",
    }),
  ),
  managedFields: at(17, list("Who wrote which fields. Set by the server.", managedFieldsEntry)),
});

export const condition = object(
  "One thing that holds of the object, or doesn't.",
  {
    type: at(1, text("What is said.", { minLength: 1 })),
    status: at(2, choice("Whether it holds.", ["True", "False", "Unknown"])),
    observedGeneration: at(3, long("The generation that it was said of.")),
    lastTransitionTime: at(4, time("When the status last changed.")),
    reason: at(5, text("Why, in one word.")),
    message: at(6, text("Why, for people.")),
    lastUpdateTime: time("When it was last confirmed."),
  },
  { required: ["type", "status"] },
);
/** Merged by type. */
export const conditions = keyed("What holds of the object.", ["type"], condition, { "x-sluice-doubles": "allowed" });

/** A whole object from its parts; `parts` are the fields beside apiVersion, kind and metadata. */
export const resource = (
  description: string,
  parts: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema =>
  object(
    description,
    {
      apiVersion: text("The API group and version, e.g. apps/v1."),
      kind: text("The kind."),
      metadata: at(1, objectMeta),
      ...parts,
    },
    required.length === 0 ? {} : { required },
  );

/** A kind whose fields stand at the top of the object, with the two that every object has. */
export const whole = (schema: Schema): Schema => ({
  ...schema,
  properties: {
    apiVersion: text("The API group and version, e.g. apps/v1."),
    kind: text("The kind."),
    ...schema.properties,
  },
});
