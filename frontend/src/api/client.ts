// The one place that calls fetch for the API. Every query and mutation goes through `request` or `requestPacked`.
// Guarantees: a failed answer is always an ApiError with the server's code, sentence and request id.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly requestId: string | null,
    readonly context: Record<string, unknown>,
    /** How long the server asks to be left alone; null when it does not say. */
    readonly retryAfterS: number | null = null,
  ) {
    super(detail);
    this.name = "ApiError";
  }
}

/** Absolute, and right under any prefix: the server may write another `<base href>`. */
export function apiUrl(path: string, query?: Query): string {
  const url = new URL(`api/v3/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url.toString();
}

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Query;
  body?: unknown;
  /** Sent as it is, in place of a body of JSON. */
  content?: Blob;
  signal?: AbortSignal;
  /** Integers that a number cannot hold come as their digits: what was logged is shown as it was. */
  isExact?: boolean;
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await ask(path, "application/json", options);
  if (response.status === 204) return undefined as T;
  return (options.isExact ? parseExact(await response.text()) : await response.json()) as T;
}

export function parseExact(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  // Browsers that do not tell what stood there round, as they always did.
  return JSON.parse(text, (_key, value: unknown, at?: { source?: string }) =>
    Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(at?.source ?? "")
      ? at?.source
      : value,
  );
}

/** Asks for an answer with raw columns, which is many times faster to read than numbers in JSON. */
export async function requestPacked(path: string, options: RequestOptions = {}): Promise<ArrayBuffer> {
  return (await ask(path, "application/vnd.mlsteam.series+msgpack", options)).arrayBuffer();
}

async function ask(path: string, accept: string, options: RequestOptions): Promise<Response> {
  const method = options.method ?? "GET";
  const headers: Record<string, string> = { Accept: accept };
  // The session is a cookie; this header proves that the page itself, not another site, sends the change.
  if (method !== "GET") headers["X-MLSteam-Request"] = "1";
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.content) headers["Content-Type"] = "application/octet-stream";
  const response = await send(apiUrl(path, options.query), {
    method,
    headers,
    body: options.content ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
    signal: options.signal,
    credentials: "same-origin",
  });
  if (!response.ok) throw await toApiError(response);
  return response;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "unreachable", "The server did not answer.", null, {});
  }
}

export async function toApiError(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("X-Request-ID");
  const retryAfterS = Number.parseInt(response.headers.get("Retry-After") ?? "", 10) || null;
  try {
    const body = (await response.json()) as {
      error?: string;
      detail?: unknown;
      request_id?: string;
      context?: Record<string, unknown>;
    };
    const detail = typeof body.detail === "string" ? body.detail : response.statusText;
    return new ApiError(
      response.status,
      body.error ?? "error",
      detail,
      body.request_id ?? requestId,
      body.context ?? {},
      retryAfterS,
    );
  } catch {
    return new ApiError(
      response.status,
      "error",
      response.statusText || String(response.status),
      requestId,
      {},
      retryAfterS,
    );
  }
}

const MOST_TRIES = 2;
const LONGEST_PAUSE_S = 60;

/** Whether a question that failed is put again: only what may pass by itself is; a refusal stays a refusal. */
export function isPassing(count: number, error: unknown): boolean {
  if (count >= MOST_TRIES) return false;
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 502;
}

/** When it is put again: as the server asks, or after a pause that doubles. */
export function pauseBefore(count: number, error: unknown): number {
  const asked = error instanceof ApiError ? error.retryAfterS : null;
  return asked === null ? Math.min(1000 * 2 ** count, 30_000) : Math.min(asked, LONGEST_PAUSE_S) * 1000;
}

/** A key may hold any character but its slashes are real path separators. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
