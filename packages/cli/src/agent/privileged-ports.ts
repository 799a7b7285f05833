import { createServer } from "node:net";

/** Whether this process may listen below 1024: root may, and so may everybody where the system was told so. */
export function bindsPrivilegedPorts(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (cause: NodeJS.ErrnoException) => resolve(cause.code !== "EACCES"));
    server.listen(1021, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
