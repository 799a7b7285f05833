import { choice, integer, list, object, text, textList } from "../../schema/build.ts";

const field = {
  cookie: text("The name of a cookie.", { minLength: 1 }),
  header: text("The name of a header.", { minLength: 1 }),
};

const ring = object(
  "One ring.",
  {
    name: text("Its name.", { minLength: 1 }),
    weight: integer("On from this weight of the Rollout on.", { minimum: 1, maximum: 100 }),
    who: list(
      "Whom it names: any of these.",
      object(
        "Users by what their requests say.",
        {
          ...field,
          operator: choice("How values are compared.", ["equals", "contains", "in", "not_in"]),
          values: textList("Any of these; none of these for not_in.", { minItems: 1 }),
        },
        { required: ["operator", "values"] },
      ),
    ),
    share: {
      type: "number",
      format: "double",
      description: "Percent of the users whom no ring names; the Rollout's weight, or 0 where the ring names somebody.",
      minimum: 0,
      maximum: 100,
    },
  },
  { required: ["name", "weight"] },
);

export const ringSetSpec = object(
  "Who gets a new version when.",
  {
    user: object("By what a user is told from another.", field),
    hash: choice("How users are dealt.", ["murmur3-1"]),
    salt: text("Changing it deals all users anew."),
    rings: list("From the first to the last.", ring, { minItems: 1 }),
  },
  { required: ["rings"] },
);
