// OpenAI's SDK for JavaScript, and what an app can tell from its exceptions.
import { installed } from "./cases.mjs";

const OpenAI = installed("openai");
export const { VERSION } = installed("openai/version");
export const { APIError, APIConnectionError } = OpenAI;

export const makeClient = (place, options) => new OpenAI({ baseURL: `${place.url}/v1`, ...options });

export function told(error) {
  const found = { error: error.constructor.name };
  if (!(error instanceof APIError)) return { ...found, message: String(error).slice(0, 200) };
  if (error instanceof APIConnectionError) return found;
  Object.assign(found, { code: error.code ?? null, param: error.param ?? null });
  if (error.status === undefined) return found;
  const id = error.headers.get("x-gatewatch-call-id");
  Object.assign(found, { status: error.status, has_id: id !== null && error.requestID === id });
  for (const name of ["retry-after", "x-should-retry"]) {
    if (error.headers.has(name)) found[name] = error.headers.get(name);
  }
  return found;
}
