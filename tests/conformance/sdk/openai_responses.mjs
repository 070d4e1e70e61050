// OpenAI's SDK for JavaScript, Responses: every provider, one verdict per case. See `openai_responses.py`.
import { calling, distinct, installed, inWrites, main, saying, sorted, thinking, words } from "./cases.mjs";
import { APIError, makeClient, told, VERSION } from "./openai_errors.mjs";

const { toResponseInputItems } = installed("openai/lib/responses/ResponseInputItems");

const ASKED = [{ role: "user", content: words.question }];
const TOOL = {
  type: "function",
  name: "get_weather",
  description: "The weather of a city.",
  parameters: words.schema,
  strict: true,
};
const CITY = { format: { type: "json_schema", name: "City", schema: words.schema, strict: true } };
const STATELESS = { store: false, include: ["reasoning.encrypted_content"] };

const asked = (run, more = {}) => ({
  model: run.provider.plain,
  input: words.question,
  max_output_tokens: 400,
  ...more,
});
const usageOf = (usage) => usage && [usage.input_tokens, usage.output_tokens, usage.total_tokens];
const saidShortly = (reply) => ({ text: reply.output_text, finish: reply.status });
const said = (reply) => ({ ...saidShortly(reply), usage: usageOf(reply.usage) });
const callItems = (reply) => reply.output.filter((item) => item.type === "function_call");
const callsOf = (reply) => ({
  calls: callItems(reply).map((call) => [call.name, JSON.parse(call.arguments)]),
  ids: distinct(callItems(reply).map((call) => call.call_id)),
});
const thoughtOf = (reply) =>
  reply.output
    .filter((item) => item.type === "reasoning")
    .flatMap((item) => item.summary.map((part) => part.text))
    .join("");
const answered = (reply) => [
  ...ASKED,
  ...toResponseInputItems(reply.output), // what `stream` returns has fields of its own, which OpenAI refuses
  ...callItems(reply).map((call) => ({
    type: "function_call_output",
    call_id: call.call_id,
    output: words.outputs[JSON.parse(call.arguments).city],
  })),
];

const cases = {};

cases.text = async (run) => {
  const { data, response } = await run.client.responses.create(asked(run), { headers: saying }).withResponse();
  return { ...said(data), has_id: data._request_id === response.headers.get("x-gatewatch-call-id") };
};

cases.stream = async (run) => {
  const headers = { ...saying, ...inWrites };
  const numbers = [];
  let [text, deltas, last] = ["", 0, null];
  for await (const event of await run.client.responses.create(asked(run, { stream: true }), { headers })) {
    numbers.push(event.sequence_number);
    if (event.type === "response.output_text.delta") {
      deltas += 1;
      text += event.delta;
    }
    if (event.type === "response.completed") last = event.response;
  }
  return {
    text, // the response of an event has no `output_text` here
    finish: last.status,
    usage: usageOf(last.usage),
    deltas: text,
    several: deltas > 3,
    in_order: numbers.every((number, at) => number === at),
  };
};

cases.stream_helper = async (run) => {
  let deltas = "";
  const events = run.client.responses.stream(asked(run), { headers: saying });
  events.on("response.output_text.delta", (event) => (deltas += event.delta));
  return { ...said(await events.finalResponse()), deltas };
};

cases.tools = async (run) => {
  const wanted = asked(run, { tools: [TOOL], parallel_tool_calls: true });
  const reply = await run.client.responses.create(wanted, { headers: calling });
  return { ...callsOf(reply), finish: reply.status };
};

cases.tools_in_a_stream = async (run) => {
  const headers = { ...calling, ...inWrites };
  const reply = await run.client.responses.stream(asked(run, { tools: [TOOL] }), { headers }).finalResponse();
  return { ...callsOf(reply), finish: reply.status };
};

cases.tool_results = async (run) => {
  const first = await run.client.responses.create(asked(run, { tools: [TOOL] }), { headers: calling });
  const second = asked(run, { tools: [TOOL], input: answered(first) });
  const reply = await run.client.responses.create(second, { headers: saying });
  return { ...saidShortly(reply), seen: await run.seen() };
};

const shown = async (run, url) => {
  const content = [
    { type: "input_text", text: words.question },
    { type: "input_image", image_url: url, detail: "auto" },
  ];
  const wanted = asked(run, { input: [{ role: "user", content }] });
  const reply = await run.client.responses.create(wanted, { headers: saying });
  return { ...saidShortly(reply), seen: await run.seen() };
};
cases.image = (run) => shown(run, `data:image/png;base64,${words.pixel}`);
cases.image_by_url = (run) => shown(run, words.picture);

const parsed = (text) => {
  const city = JSON.parse(text);
  return { parsed: sorted(city), is_text: typeof city.city === "string" };
};
cases.structured = async (run) => parsed((await run.client.responses.create(asked(run, { text: CITY }))).output_text);
cases.structured_in_a_stream = async (run) =>
  parsed((await run.client.responses.stream(asked(run, { text: CITY })).finalResponse()).output_text);

// thinking

const thinkingAsked = (run, more = {}) =>
  asked(run, {
    model: run.provider.thinking,
    reasoning: { effort: "medium", summary: "auto" },
    max_output_tokens: 20_000,
    ...more,
  });

cases.thinking = async (run) => {
  const reply = await run.client.responses.create(thinkingAsked(run), { headers: { ...saying, ...thinking } });
  return { text: reply.output_text, thought: thoughtOf(reply) };
};

cases.thinking_in_a_stream = async (run) => {
  let deltas = "";
  const events = run.client.responses.stream(thinkingAsked(run), { headers: { ...saying, ...thinking } });
  events.on("response.reasoning_summary_text.delta", (event) => (deltas += event.delta));
  const reply = await events.finalResponse();
  return { text: reply.output_text, thought: thoughtOf(reply), deltas };
};

const first = (run, more) =>
  [thinkingAsked(run, { tools: [TOOL], ...more }), { headers: { ...thinking, ...calling, ...inWrites } }];
cases.thinking_with_tools = async (run) =>
  thoughtOn(run, await run.client.responses.create(...first(run, STATELESS)), STATELESS);
cases.thinking_with_tools_in_a_stream = async (run) =>
  thoughtOn(run, await run.client.responses.stream(...first(run, STATELESS)).finalResponse(), STATELESS);
// As apps do that say nothing of the state: `store` is true by default.
cases.thinking_with_tools_stored = async (run) =>
  thoughtOn(run, await run.client.responses.create(...first(run, {})), {});

// The second turn: a provider that signs its thoughts wants them back as they were.
async function thoughtOn(run, said, more) {
  const second = thinkingAsked(run, { tools: [TOOL], input: answered(said), ...more });
  const reply = await run.client.responses.create(second, { headers: saying });
  return { thought: thoughtOf(said), text: reply.output_text, ...callsOf(said), seen: await run.seen() };
}

// errors

cases.unknown_parameter = (run) => run.client.responses.create(asked(run, { [words.unknown_parameter]: 1 }));
cases.wrong_key = (run) => run.client.withOptions({ apiKey: "gwk_not_one" }).responses.create(asked(run));
cases.unknown_model = (run) => run.client.responses.create(asked(run, { model: "no-such-model" }));

// A conversation that the provider keeps.
cases.previous_response = async (run) => {
  const { id } = await run.client.responses.create(asked(run), { headers: saying });
  return saidShortly(await run.client.responses.create(asked(run, { previous_response_id: id }), { headers: saying }));
};

for (const fault of ["400", "404", "401", "403", "429", "500", "503", "529", "cut-stream", "html", "200-error"])
  cases[`fault-${fault}`] = (run) => run.client.responses.create(asked(run, { model: run.faulty(fault) }));

const broken = async (run, fault) => {
  let began = false;
  try {
    const wanted = asked(run, { model: run.faulty(fault), stream: true });
    for await (const event of await run.client.responses.create(wanted, { headers: { ...saying, ...inWrites } }))
      began ||= event.type === "response.output_text.delta";
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
  return said(await run.client.responses.stream(wanted, { headers: { ...saying, ...inWrites } }).finalResponse());
};

await main("openai-responses", VERSION, makeClient, told, cases);
