import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { after, type Clock, hours, type Instant, instant, minutes } from "@sluice/kernel";

const linkLife = minutes(10);
const sessionLife = hours(24 * 7);
const linksMax = 100;

export interface Sessions {
  /** A key that works once, for ten minutes. */
  createLoginKey(): string;
  /** The Set-Cookie of a new session; undefined for a key that is unknown, used or too old. */
  exchange(key: string): string | undefined;
  isSignedIn(cookies: string | undefined): boolean;
}

/**
 * Sessions are signed with a key derived from the secret, not kept: they survive the control plane, as the page does.
 * Cookies don't know of ports, so the name holds a trace of the secret: two control planes on one machine don't clash.
 */
export function createSessions(secret: string, clock: Clock): Sessions {
  const signingKey = createHmac("sha256", secret).update("sluice console session").digest();
  const cookieName = `sluice-${createHash("sha256").update(signingKey).digest("hex").slice(0, 8)}`;
  const links = new Map<string, Instant>();

  const sign = (text: string): string => createHmac("sha256", signingKey).update(text).digest("base64url");

  return {
    createLoginKey() {
      for (const [digest, expires] of links) if (expires <= clock.now()) links.delete(digest);
      if (links.size >= linksMax) links.delete(links.keys().next().value ?? "");
      const key = randomBytes(24).toString("base64url");
      links.set(digestOf(key), after(clock.now(), linkLife));
      return key;
    },
    exchange(key) {
      const expires = links.get(digestOf(key));
      links.delete(digestOf(key));
      if (expires === undefined || expires <= clock.now()) return undefined;
      const session = `${after(clock.now(), sessionLife)}.${randomBytes(12).toString("base64url")}`;
      const seconds = Math.floor(sessionLife / 1000);
      return `${cookieName}=${session}.${sign(session)}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
    },
    isSignedIn(cookies = "") {
      for (const cookie of cookies.split(";")) {
        const [name = "", value = ""] = cookie.trim().split("=");
        if (name !== cookieName) continue;
        const [expires = "", nonce = "", signature = ""] = value.split(".");
        if (!isSame(signature, sign(`${expires}.${nonce}`))) continue;
        if (instant(Number(expires)) > clock.now()) return true;
      }
      return false;
    },
  };
}

const digestOf = (key: string): string => createHash("sha256").update(key).digest("hex");

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
