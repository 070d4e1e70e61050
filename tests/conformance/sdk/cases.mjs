// What the drivers in JavaScript share: `cases.py` in the other language. Needs GATEWATCH_NODE_MODULES.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

export const installed = createRequire(join(process.env.GATEWATCH_NODE_MODULES, "index.js"));
export const words = JSON.parse(readFileSync(new URL("words.json", import.meta.url)));

export const saying = { "x-sandbox-text": JSON.stringify(words.text) };
export const calling = {
  "x-sandbox-calls": JSON.stringify(
    Object.keys(words.outputs).map((city) => ({ name: "get_weather", arguments: { city } })),
  ),
};
export const thinking = { "x-sandbox-thinking": JSON.stringify(words.thought) };
export const inWrites = { "x-sandbox-chunk-gap-ms": "0" };

// Runs `cases` (name → async function of a run) against every provider and prints the verdicts.
// `makeClient`: (place, options that count requests and do not retry) → a client. `told`: error → verdict.
export async function main(driver, version, makeClient, told, cases) {
  const place = JSON.parse(readFileSync(0));
  const wanted = process.argv.slice(2);
  let run;
  const counting = (url, init) => {
    run.tries += 1;
    return fetch(url, init);
  };
  // the body of the last request that reached the provider
  const seen = async () =>
    (await (await fetch(`${place.sandbox}/__sandbox/stats?last=1`)).json()).last.at(-1).body;
  const client = makeClient(place, { apiKey: place.key, maxRetries: 0, timeout: 20_000, fetch: counting });
  const verdicts = {};
  for (const provider of place.providers) {
    verdicts[provider.name] = {};
    for (const [name, ask] of Object.entries(cases)) {
      if (wanted.length && !wanted.includes(name)) continue;
      const faulty = (fault) => `${provider.name}/fault-${fault}`;
      const session = `${driver} ${version} ${provider.name} ${name}`;
      const script = (steps) => ({ "x-sandbox-script": steps, "x-sandbox-session": session });
      run = { client, provider, faulty, script, seen, tries: 0 };
      try {
        verdicts[provider.name][name] = await ask(run);
      } catch (error) {
        verdicts[provider.name][name] = told(error);
      }
    }
  }
  console.log(JSON.stringify({ version, verdicts }));
}

// Whether at least a second passes: what `Retry-After: 1` asks for, and more than any client waits by itself.
export async function aSecondPasses(work) {
  const began = performance.now();
  return { result: await work(), waited: performance.now() - began >= 1000 };
}

export const sorted = (object) => Object.keys(object).sort();
export const distinct = (values) => new Set(values).size;
