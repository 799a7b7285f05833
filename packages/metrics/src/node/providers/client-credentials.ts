import { createHash } from "node:crypto";
import { type Clock, Fault } from "@sluice/kernel";
import { callProvider, type ProviderHeader, providerUrl } from "./provider-request.ts";

/** Argo's `authentication.oauth2`, arguments resolved: the client credentials grant of RFC 6749, section 4.4. */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes?: readonly string[];
}

interface Token {
  readonly header: ProviderHeader;
  readonly expiresAt: number;
}

const tokens = new Map<string, Token>();
const tokensMax = 100;
/** A token that ends on the way is none. */
const marginMillis = 10_000;

export interface TokenRequest {
  readonly credentials: ClientCredentials;
  readonly insecure: boolean;
  readonly timeoutSeconds: number;
}

/** The header that a token makes; asked for once while it lives. Faults name the server, never what was sent. */
export async function tokenHeader(request: TokenRequest, signal: AbortSignal, clock: Clock): Promise<ProviderHeader> {
  const { credentials } = request;
  const id = idOf(credentials);
  const known = tokens.get(id);
  if (known !== undefined && clock.now() < known.expiresAt - marginMillis) return known.header;
  const token = await askForToken(request, signal, clock);
  const [oldest] = tokens.keys();
  if (tokens.size >= tokensMax && oldest !== undefined) tokens.delete(oldest);
  tokens.set(id, token);
  return token.header;
}

const idOf = (credentials: ClientCredentials): string =>
  createHash("sha256").update(JSON.stringify(credentials)).digest("hex");

/** A token that was taken back before its time is none: the next question asks for another. */
export function forgetRefused(
  { status }: { readonly status: number },
  credentials: ClientCredentials | undefined,
): void {
  if (status === 401 && credentials !== undefined) tokens.delete(idOf(credentials));
}

async function askForToken(request: TokenRequest, signal: AbortSignal, clock: Clock): Promise<Token> {
  const { tokenUrl, clientId, clientSecret, scopes = [] } = request.credentials;
  const url = providerUrl(tokenUrl, "authentication.oauth2.tokenUrl");
  const name = `the token server at ${url.host}`;
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (scopes.length > 0) form.set("scope", scopes.join(" "));
  const call = (headers: readonly ProviderHeader[], body: URLSearchParams) =>
    callProvider(
      {
        url,
        method: "POST",
        headers: [
          { key: "content-type", value: "application/x-www-form-urlencoded" },
          { key: "accept", value: "application/json" },
          ...headers,
        ],
        body: body.toString(),
        insecure: request.insecure,
        timeoutSeconds: request.timeoutSeconds,
        name,
      },
      signal,
    );
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const basic = { key: "authorization", value: `Basic ${Buffer.from(pair).toString("base64")}` };
  let answer = await call([basic], form);
  // Some servers know the credentials in the form only.
  if (answer.status === 400 || answer.status === 401) {
    const inForm = new URLSearchParams([...form, ["client_id", clientId], ["client_secret", clientSecret]]);
    answer = await call([], inForm);
  }
  if (answer.status < 200 || answer.status > 299) {
    const kind = answer.status === 400 || answer.status === 401 || answer.status === 403 ? "forbidden" : "unavailable";
    throw new Fault(kind, `${name} gave no token: HTTP status ${answer.status}`);
  }
  return tokenFrom(answer.body, name, clock);
}

function tokenFrom(body: string, name: string, clock: Clock): Token {
  let answer: { readonly access_token?: unknown; readonly token_type?: unknown; readonly expires_in?: unknown };
  try {
    answer = JSON.parse(body);
  } catch {
    throw new Fault("unavailable", `${name} gave no token: its answer is no JSON`);
  }
  const { access_token: token, token_type: type, expires_in: lifetime } = answer ?? {};
  if (typeof token !== "string" || token === "") {
    throw new Fault("unavailable", `${name} gave no token: its answer has no access_token`);
  }
  const seconds = Number(lifetime);
  // Without a lifetime it may end any time: it is used once.
  const expiresAt = Number.isFinite(seconds) && seconds > 0 ? clock.now() + seconds * 1000 : 0;
  const scheme = typeof type === "string" && !/^bearer$/i.test(type) ? type : "Bearer";
  return { header: { key: "authorization", value: `${scheme} ${token}` }, expiresAt };
}
