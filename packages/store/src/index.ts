export { type Admission, type Admitted, schemaAdmission } from "./admission.ts";
export type { Condition } from "./commit-queue.ts";
export type { WindowLimits } from "./event-window.ts";
export { jsonOf } from "./json-of.ts";
export { type Batch, type Loaded, type Persistence, volatilePersistence } from "./persistence.ts";
export type { Retention } from "./retention.ts";
export type { Change } from "./state.ts";
export { createStore, type Store, type StoreOptions } from "./store.ts";
