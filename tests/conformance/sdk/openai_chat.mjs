// OpenAI's SDK for JavaScript, Chat Completions: every provider, one verdict per case. See `openai_chat.py`.
import { aSecondPasses, calling, distinct, inWrites, main, saying, sorted, thinking, words } from "./cases.mjs";
import { APIError, makeClient, told, VERSION } from "./openai_errors.mjs";

const ASKED = [{ role: "user", content: words.question }];
const TOOL = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city.",
    parameters: words.schema,
    strict: true,
  },
};
const CITY = { type: "json_schema", json_schema: { name: "City", schema: words.schema, strict: true } };
const withUsage = { stream_options: { include_usage: true } };

const asked = (run, more = {}) => ({
  model: run.provider.plain,
  messages: ASKED,
  max_completion_tokens: 400,
  ...more,
});
const usageOf = (usage) => usage && [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];
const said = (reply) => ({
  text: reply.choices[0].message.content,
  finish: reply.choices[0].finish_reason,
  usage: usageOf(reply.usage),
});
const callsOf = (message) => ({
  calls: message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
  ids: distinct(message.tool_calls.map((call) => call.id)),
});
const answered = (message) => [
  ...ASKED,
  message,
  ...message.tool_calls.map((call) => ({
    role: "tool",
    tool_call_id: call.id,
    content: words.outputs[JSON.parse(call.function.arguments).city],
  })),
];

async function added(chunks) {
  const found = { text: "", finish: null, usage: null, deltas: 0 };
  for await (const chunk of chunks) {
    found.usage = usageOf(chunk.usage) ?? found.usage;
    for (const choice of chunk.choices) {
      found.deltas += choice.delta.content ? 1 : 0;
      found.text += choice.delta.content ?? "";
      found.finish = choice.finish_reason ?? found.finish;
    }
  }
  const { deltas, ...rest } = found;
  return { ...rest, several: deltas > 3 };
}

const cases = {};

cases.text = async (run) => {
  const { data, response } = await run.client.chat.completions
    .create(asked(run), { headers: saying })
    .withResponse();
  return { ...said(data), has_id: data._request_id === response.headers.get("x-gatewatch-call-id") };
};

cases.stream = async (run) =>
  added(
    await run.client.chat.completions.create(asked(run, { stream: true, ...withUsage }), {
      headers: { ...saying, ...inWrites },
    }),
  );

cases.stream_helper = async (run) => {
  let deltas = "";
  const events = run.client.chat.completions.stream(asked(run, withUsage), { headers: saying });
  events.on("content", (delta) => (deltas += delta));
  return { ...said(await events.finalChatCompletion()), deltas };
};

cases.tools = async (run) => {
  const wanted = asked(run, { tools: [TOOL], parallel_tool_calls: true });
  const reply = await run.client.chat.completions.create(wanted, { headers: calling });
  return { ...callsOf(reply.choices[0].message), finish: reply.choices[0].finish_reason };
};

cases.tools_in_a_stream = async (run) => {
  const headers = { ...calling, ...inWrites };
  const events = run.client.chat.completions.stream(asked(run, { tools: [TOOL] }), { headers });
  const [choice] = (await events.finalChatCompletion()).choices;
  return { ...callsOf(choice.message), finish: choice.finish_reason };
};

cases.tool_results = async (run) => {
  const first = await run.client.chat.completions.create(asked(run, { tools: [TOOL] }), { headers: calling });
  const second = asked(run, { tools: [TOOL], messages: answered(first.choices[0].message) });
  const reply = await run.client.chat.completions.create(second, { headers: saying });
  return { ...saidShortly(reply), seen: await run.seen() };
};

const saidShortly = (reply) => ({ text: reply.choices[0].message.content, finish: reply.choices[0].finish_reason });

const shown = async (run, url) => {
  const content = [
    { type: "text", text: words.question },
    { type: "image_url", image_url: { url } },
  ];
  const wanted = asked(run, { messages: [{ role: "user", content }] });
  const reply = await run.client.chat.completions.create(wanted, { headers: saying });
  return { ...saidShortly(reply), seen: await run.seen() };
};
cases.image = (run) => shown(run, `data:image/png;base64,${words.pixel}`);
cases.image_by_url = (run) => shown(run, words.picture);

const parsed = (text) => {
  const city = JSON.parse(text);
  return { parsed: sorted(city), is_text: typeof city.city === "string" };
};
cases.structured = async (run) => {
  const reply = await run.client.chat.completions.create(asked(run, { response_format: CITY }));
  return parsed(reply.choices[0].message.content);
};
cases.structured_in_a_stream = async (run) => {
  const events = run.client.chat.completions.stream(asked(run, { response_format: CITY }));
  return parsed((await events.finalChatCompletion()).choices[0].message.content);
};

// thinking

const thinkingAsked = (run, more = {}) =>
  asked(run, { model: run.provider.thinking, reasoning_effort: "medium", max_completion_tokens: 20_000, ...more });

cases.thinking = async (run) => {
  const reply = await run.client.chat.completions.create(thinkingAsked(run), { headers: { ...saying, ...thinking } });
  const [{ message }] = reply.choices;
  return { text: message.content, thought: message.reasoning_content };
};

cases.thinking_in_a_stream = async (run) => {
  const found = { text: "", thought: "" };
  const headers = { ...saying, ...thinking };
  for await (const chunk of await run.client.chat.completions.create(thinkingAsked(run, { stream: true }), { headers }))
    for (const choice of chunk.choices) {
      found.text += choice.delta.content ?? "";
      found.thought += choice.delta.reasoning_content ?? "";
    }
  return found;
};

cases.thinking_with_tools = async (run) => {
  const headers = { ...thinking, ...calling };
  const first = await run.client.chat.completions.create(thinkingAsked(run, { tools: [TOOL] }), { headers });
  return thoughtOn(run, first.choices[0].message);
};

cases.thinking_with_tools_in_a_stream = async (run) => {
  const headers = { ...thinking, ...calling, ...inWrites };
  const events = run.client.chat.completions.stream(thinkingAsked(run, { tools: [TOOL] }), { headers });
  return thoughtOn(run, (await events.finalChatCompletion()).choices[0].message);
};

// The second turn: a provider that signs its thoughts wants them back as they were.
async function thoughtOn(run, message) {
  const second = thinkingAsked(run, { tools: [TOOL], messages: answered(message) });
  const reply = await run.client.chat.completions.create(second, { headers: saying });
  const { text } = saidShortly(reply);
  return { thought: message.reasoning_content, text, ...callsOf(message), seen: await run.seen() };
}

// errors

cases.unknown_parameter = (run) =>
  run.client.chat.completions.create(asked(run, { [words.unknown_parameter]: 1 }));
cases.previous_response = (run) =>
  run.client.chat.completions.create(asked(run, { previous_response_id: "resp_1" }));
cases.wrong_key = (run) =>
  run.client.withOptions({ apiKey: "gwk_not_one" }).chat.completions.create(asked(run));
cases.unknown_model = (run) => run.client.chat.completions.create(asked(run, { model: "no-such-model" }));

for (const fault of ["400", "404", "401", "403", "429", "500", "503", "529", "cut-stream", "html", "200-error"])
  cases[`fault-${fault}`] = (run) => run.client.chat.completions.create(asked(run, { model: run.faulty(fault) }));

cases.limit_waited_for = async (run) => {
  const headers = { ...saying, ...run.script("429,ok") };
  const { result, waited } = await aSecondPasses(() =>
    run.client.chat.completions.create(asked(run), { headers, maxRetries: 1 }),
  );
  return { text: result.choices[0].message.content, tries: run.tries, waited };
};

const broken = async (run, fault) => {
  let began = false;
  try {
    const wanted = asked(run, { model: run.faulty(fault), stream: true });
    const headers = { ...saying, ...inWrites };
    for await (const chunk of await run.client.chat.completions.create(wanted, { headers }))
      began ||= chunk.choices.some((choice) => choice.delta.content);
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
  const events = run.client.chat.completions.stream(wanted, { headers: { ...saying, ...inWrites } });
  return said(await events.finalChatCompletion());
};

// beside chat

cases.completion = async (run) => {
  const wanted = { model: run.provider.plain, prompt: words.question, max_tokens: 400 };
  const [choice] = (await run.client.completions.create(wanted, { headers: saying })).choices;
  return { text: choice.text, finish: choice.finish_reason };
};

cases.models = async (run) => {
  const named = [];
  for await (const model of run.client.models.list()) named.push(model.id);
  return { has_house: named.includes("house"), one: (await run.client.models.retrieve("house")).id };
};

cases.model_that_does_not_exist = (run) => run.client.models.retrieve("no-such-model");

await main("openai-chat", VERSION, makeClient, told, cases);
