// Anthropic's SDK for JavaScript: every provider, one verdict per case. See `anthropic_messages.py`.
import { aSecondPasses, calling, distinct, installed, inWrites, main, saying, sorted, thinking, words } from "./cases.mjs";

const Anthropic = installed("@anthropic-ai/sdk");
const { VERSION } = installed("@anthropic-ai/sdk/version");
const { jsonSchemaOutputFormat } = installed("@anthropic-ai/sdk/helpers/json-schema");
const { APIError, BadRequestError, AnthropicError } = Anthropic;

const makeClient = (place, options) => new Anthropic({ baseURL: place.url, ...options });

// What an app can tell from an exception.
function told(error) {
  const found = { error: error.constructor.name };
  if (!(error instanceof AnthropicError)) return { ...found, message: String(error).slice(0, 200) };
  if (!error.error) return found;
  const id = error.headers.get("x-gatewatch-call-id");
  Object.assign(found, {
    type: error.type,
    code: error.errorCode,
    status: error.status ?? null,
    has_id: id !== null && error.requestID === id,
  });
  for (const name of ["retry-after", "x-should-retry"]) {
    if (error.headers.has(name)) found[name] = error.headers.get(name);
  }
  return found;
}

const ASKED = [{ role: "user", content: words.question }];
const TOOL = { name: "get_weather", description: "The weather of a city.", input_schema: words.schema };

const asked = (run, more = {}) => ({ model: run.provider.plain, messages: ASKED, max_tokens: 400, ...more });
const ofType = (reply, type) => reply.content.filter((block) => block.type === type);
const textOf = (reply) =>
  ofType(reply, "text")
    .map((block) => block.text)
    .join("");
const thoughtOf = (reply) =>
  ofType(reply, "thinking")
    .map((block) => block.thinking)
    .join("");
const saidShortly = (reply) => ({ text: textOf(reply), finish: reply.stop_reason });
const said = (reply) => ({ ...saidShortly(reply), usage: [reply.usage.input_tokens, reply.usage.output_tokens] });
const callsOf = (reply) => {
  const calls = ofType(reply, "tool_use");
  return { calls: calls.map((call) => [call.name, call.input]), ids: distinct(calls.map((call) => call.id)) };
};
const answered = (reply) => [
  ...ASKED,
  { role: reply.role, content: reply.content },
  {
    role: "user",
    content: ofType(reply, "tool_use").map((call) => ({
      type: "tool_result",
      tool_use_id: call.id,
      content: words.outputs[call.input.city],
    })),
  },
];

const cases = {};

cases.text = async (run) => {
  const { data, response } = await run.client.messages.create(asked(run), { headers: saying }).withResponse();
  return { ...said(data), has_id: data._request_id === response.headers.get("x-gatewatch-call-id") };
};

cases.stream = async (run) => {
  const found = { text: "", finish: null, usage: null, several: false, ended: false };
  let deltas = 0;
  const headers = { ...saying, ...inWrites };
  for await (const event of await run.client.messages.create(asked(run, { stream: true }), { headers })) {
    if (event.type === "message_start")
      found.usage = [event.message.usage.input_tokens, event.message.usage.output_tokens];
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
      deltas += 1;
      found.text += event.delta.text;
    }
    if (event.type === "message_delta") {
      found.finish = event.delta.stop_reason;
      found.usage = [event.usage.input_tokens ?? found.usage[0], event.usage.output_tokens];
    }
    if (event.type === "message_stop") found.ended = true;
  }
  return { ...found, several: deltas > 3 };
};

cases.stream_helper = async (run) => {
  let deltas = "";
  const events = run.client.messages.stream(asked(run), { headers: saying });
  events.on("text", (delta) => (deltas += delta));
  const reply = await events.finalMessage();
  const { response } = await events.withResponse();
  const has_id = events.request_id === response.headers.get("x-gatewatch-call-id");
  return { ...said(reply), deltas, has_id };
};

cases.tools = async (run) => {
  const reply = await run.client.messages.create(asked(run, { tools: [TOOL] }), { headers: calling });
  return { ...callsOf(reply), finish: reply.stop_reason };
};

cases.tools_in_a_stream = async (run) => {
  const headers = { ...calling, ...inWrites };
  const reply = await run.client.messages.stream(asked(run, { tools: [TOOL] }), { headers }).finalMessage();
  return { ...callsOf(reply), finish: reply.stop_reason };
};

cases.tool_results = async (run) => {
  const first = await run.client.messages.create(asked(run, { tools: [TOOL] }), { headers: calling });
  const second = asked(run, { tools: [TOOL], messages: answered(first) });
  const reply = await run.client.messages.create(second, { headers: saying });
  return { ...saidShortly(reply), seen: await run.seen() };
};

const shown = async (run, source) => {
  const content = [
    { type: "text", text: words.question },
    { type: "image", source },
  ];
  const wanted = asked(run, { messages: [{ role: "user", content }] });
  const reply = await run.client.messages.create(wanted, { headers: saying });
  return { ...saidShortly(reply), seen: await run.seen() };
};
cases.image = (run) => shown(run, { type: "base64", media_type: "image/png", data: words.pixel });
cases.image_by_url = (run) => shown(run, { type: "url", url: words.picture });

const city = { output_config: { format: jsonSchemaOutputFormat(words.schema) } };
const parsed = (reply) => ({
  parsed: sorted(reply.parsed_output),
  is_text: typeof reply.parsed_output.city === "string",
});
cases.structured = async (run) => parsed(await run.client.messages.parse(asked(run, city)));
cases.structured_in_a_stream = async (run) => parsed(await run.client.messages.stream(asked(run, city)).finalMessage());

// thinking

const thinkingAsked = (run, more = {}) =>
  asked(run, {
    model: run.provider.thinking,
    thinking: { type: "enabled", budget_tokens: 8192 },
    max_tokens: 20_000,
    ...more,
  });

cases.thinking = async (run) => {
  const reply = await run.client.messages.create(thinkingAsked(run), { headers: { ...saying, ...thinking } });
  return { text: textOf(reply), thought: thoughtOf(reply) };
};

cases.thinking_in_a_stream = async (run) => {
  let deltas = "";
  const events = run.client.messages.stream(thinkingAsked(run), { headers: { ...saying, ...thinking } });
  events.on("thinking", (delta) => (deltas += delta));
  const reply = await events.finalMessage();
  return { text: textOf(reply), thought: thoughtOf(reply), deltas };
};

const first = (run) => [thinkingAsked(run, { tools: [TOOL] }), { headers: { ...thinking, ...calling, ...inWrites } }];
cases.thinking_with_tools = async (run) => thoughtOn(run, await run.client.messages.create(...first(run)));
cases.thinking_with_tools_in_a_stream = async (run) =>
  thoughtOn(run, await run.client.messages.stream(...first(run)).finalMessage());

// The second turn: a provider that signs its thoughts wants them back as they were.
async function thoughtOn(run, said) {
  const second = thinkingAsked(run, { tools: [TOOL], messages: answered(said) });
  const reply = await run.client.messages.create(second, { headers: saying });
  return { thought: thoughtOf(said), text: textOf(reply), ...callsOf(said), seen: await run.seen() };
}

// errors

// This dialect's errors have no field for the parameter: it stands in the text.
const naming = async (run, name, value) => {
  try {
    return await run.client.messages.create(asked(run, { [name]: value }));
  } catch (error) {
    if (!(error instanceof BadRequestError)) throw error;
    return { ...told(error), names_it: error.message.includes(name) };
  }
};
cases.unknown_parameter = (run) => naming(run, words.unknown_parameter, 1);
cases.previous_response = (run) => naming(run, "previous_response_id", "resp_1");
cases.wrong_key = (run) => run.client.withOptions({ apiKey: "gwk_not_one" }).messages.create(asked(run));
cases.unknown_model = (run) => run.client.messages.create(asked(run, { model: "no-such-model" }));

for (const fault of ["400", "404", "401", "403", "429", "500", "503", "529", "cut-stream", "html", "200-error"])
  cases[`fault-${fault}`] = (run) => run.client.messages.create(asked(run, { model: run.faulty(fault) }));

cases.limit_waited_for = async (run) => {
  const headers = { ...saying, ...run.script("429,ok") };
  const { result, waited } = await aSecondPasses(() =>
    run.client.messages.create(asked(run), { headers, maxRetries: 1 }),
  );
  return { text: textOf(result), tries: run.tries, waited };
};

const broken = async (run, fault) => {
  let began = false;
  try {
    const wanted = asked(run, { model: run.faulty(fault), stream: true });
    for await (const event of await run.client.messages.create(wanted, { headers: { ...saying, ...inWrites } }))
      began ||= event.type === "content_block_delta" && event.delta.text !== "";
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return { ...told(error), began };
  }
  return { began, whole: true };
};
for (const fault of ["cut-stream", "no-done", "error-event", "reset-body", "half-frame", "bad-json", "429"])
  cases[`stream-of-fault-${fault}`] = (run) => broken(run, fault);

cases.broken_stream_helper = async (run) => {
  const wanted = asked(run, { model: run.faulty("error-event") });
  return said(await run.client.messages.stream(wanted, { headers: { ...saying, ...inWrites } }).finalMessage());
};

// beside messages

cases.count = async (run) => {
  const wanted = { model: run.provider.plain, messages: ASKED };
  const { data, response } = await run.client.messages.countTokens(wanted).withResponse();
  return { tokens: data.input_tokens, estimated: response.headers.get("x-gatewatch-estimated") };
};

cases.models = async (run) => {
  const page = await run.client.models.list({ limit: 50 });
  const listed = [];
  for await (const model of page) listed.push(model); // pages follow of themselves
  return {
    has_house: listed.some((model) => model.id === "house"),
    one: (await run.client.models.retrieve("house")).id,
    named: listed.every((model) => model.display_name && model.type === "model"),
    pages: page.has_more && page.data.length === 50 && listed.length > 50,
  };
};

cases.model_that_does_not_exist = (run) => run.client.models.retrieve("no-such-model");

await main("anthropic-messages", VERSION, makeClient, told, cases);
