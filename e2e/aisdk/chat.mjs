// Talks to /chat/completions with the AI SDK and prints one JSON line an answer, or one
// with the error. Arguments: base URL, key, agent id, options as JSON:
// {turns: ["…"], stream, maxRetries, as: [[key, agent], …] to say the same in turn with each
// in place of the arguments}.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";

globalThis.AI_SDK_LOG_WARNINGS = false;
const [baseURL, key, agent, raw] = process.argv.slice(2);
const options = JSON.parse(raw);

async function answer(model, messages) {
  const request = { model, messages, maxRetries: options.maxRetries ?? 2 };
  if (!options.stream) {
    const { text, finishReason, response } = await generateText(request);
    messages.push(...response.messages);
    return { content: text, finish: finishReason, chunks: 0 };
  }
  let failed;
  const result = streamText({ ...request, onError: ({ error }) => (failed = error) });
  let content = "";
  let chunks = 0;
  for await (const text of result.textStream) {
    content += text;
    chunks++;
  }
  if (failed) throw failed;
  const response = await result.response;
  messages.push(...response.messages);
  return { content, finish: await result.finishReason, chunks };
}

for (const [apiKey, id] of options.as ?? [[key, agent]]) {
  const model = createOpenAICompatible({ name: "callwright", baseURL, apiKey })(id);
  const messages = [];
  try {
    for (const turn of options.turns) {
      messages.push({ role: "user", content: turn });
      console.log(JSON.stringify(await answer(model, messages)));
    }
  } catch (error) {
    const last = error.lastError ?? error;
    console.log(JSON.stringify({ error: { status: last.statusCode ?? 0, message: last.message ?? String(last), code: last.data?.error?.code ?? last.code ?? "" } }));
  }
}
