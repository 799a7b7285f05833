export { type ConsoleHandler, type ConsoleHandlerOptions, createConsoleHandler } from "./console-handler.ts";
