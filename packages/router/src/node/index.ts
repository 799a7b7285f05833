export { createRouter, type ListeningSocket, type Router, type RouterOptions } from "./router.ts";
export type { RouterStats } from "./shared-state.ts";
export { loadTable, saveTable } from "./stored-table.ts";
