export type { Condition } from "./disk/commit-queue.ts";
export { type Batch, type Loaded, type Persistence, volatilePersistence } from "./disk/persistence.ts";
export type { Retention } from "./disk/retention.ts";
export { jsonOf } from "./json-of.ts";
export type { Change } from "./state.ts";
export { createStore, type Store, type StoreOptions } from "./store.ts";
export type { WindowLimits } from "./watch/event-window.ts";
export { type Admission, type Admitted, schemaAdmission } from "./write/admission.ts";
