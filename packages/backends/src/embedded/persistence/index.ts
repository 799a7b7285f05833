export { openSqlitePersistence } from "./sqlite-persistence.ts";
