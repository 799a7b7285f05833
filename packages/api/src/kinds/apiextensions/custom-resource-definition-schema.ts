import type { Schema } from "../../contract/schema.ts";
import { anyObject, choice, flag, integer, list, object, text, textList } from "../../schema/build.ts";
import { conditions } from "../meta-schema.ts";

const names = (description: string): Schema =>
  object(
    description,
    {
      plural: text("In addresses, e.g. widgets.", { minLength: 1 }),
      singular: text("For people; the kind in lower case unless given."),
      kind: text("The kind, e.g. Widget.", { minLength: 1 }),
      listKind: text("The kind of a list; the kind with List unless given."),
      shortNames: textList("Short names."),
      categories: textList("Groups of kinds such as all."),
    },
    { required: ["plural", "kind"] },
  );

const version = object(
  "One version.",
  {
    name: text("Such as v1.", { minLength: 1 }),
    served: flag("It can be used."),
    storage: flag("It is what is stored; exactly one is."),
    deprecated: flag("Using it warns."),
    deprecationWarning: text("With these words."),
    schema: object("What its objects look like.", {
      openAPIV3Schema: anyObject("A structural schema."),
    }),
    subresources: object("Parts with an address of their own.", {
      status: anyObject("status can be written apart."),
      scale: object(
        "scale can be written apart.",
        {
          specReplicasPath: text("Such as .spec.replicas."),
          statusReplicasPath: text("Such as .status.replicas."),
          labelSelectorPath: text("Such as .status.selector."),
        },
        { required: ["specReplicasPath", "statusReplicasPath"] },
      ),
    }),
    additionalPrinterColumns: list(
      "Columns of kubectl get.",
      object(
        "One column.",
        {
          name: text("Its heading."),
          type: choice("What it holds.", ["string", "integer", "number", "boolean", "date"]),
          format: text("How it is printed."),
          description: text("What it says."),
          priority: integer("Above 0: only with -o wide."),
          jsonPath: text("Where it is, such as .spec.size."),
        },
        { required: ["name", "type", "jsonPath"] },
      ),
    ),
    selectableFields: list(
      "Fields that a field selector may name.",
      object("One field.", { jsonPath: text("Such as .spec.size.") }, { required: ["jsonPath"] }),
    ),
  },
  { required: ["name", "served", "storage"] },
);

export const customResourceDefinitionSpec = object(
  "A kind that is added at run time.",
  {
    group: text("Its API group.", { minLength: 1 }),
    names: names("What it is called."),
    scope: choice("Whether it lives in namespaces.", ["Namespaced", "Cluster"]),
    versions: list("Its versions.", version, { minItems: 1 }),
    conversion: object("How versions become each other.", {
      strategy: choice("Only the version changes, or a webhook is asked.", ["None", "Webhook"]),
      webhook: anyObject("Which one."),
    }),
    preserveUnknownFields: flag("Must be false."),
  },
  { required: ["group", "names", "scope", "versions"] },
);

export const customResourceDefinitionStatus = object("Whether the kind is served.", {
  conditions,
  acceptedNames: object("The names that it is served by.", {
    plural: text(""),
    singular: text(""),
    kind: text(""),
    listKind: text(""),
    shortNames: textList(""),
    categories: textList(""),
  }),
  storedVersions: textList("Versions that objects are stored in."),
});
