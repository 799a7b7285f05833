import type { ApplicationStatus } from "@sluice/api";
import type { Plan } from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";

/** What is to be done about one Application, and its complete next status. */
export type ApplicationPlan = Plan<Effect, ApplicationStatus>;
