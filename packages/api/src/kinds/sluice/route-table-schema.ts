import { long, object } from "../../schema/build.ts";
import { conditions } from "../meta-schema.ts";

export const routeTableSpec = object(
  "What the router routes by: compiled, not written by people.",
  { version: long("Grows with every change.", { minimum: 0 }) },
  { required: ["version"], "x-kubernetes-preserve-unknown-fields": true },
);

export const routeTableStatus = object(
  "What the router took.",
  { appliedVersion: long("The version that it routes by."), conditions },
  { "x-kubernetes-preserve-unknown-fields": true },
);
