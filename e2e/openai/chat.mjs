// Talks to /chat/completions with the official client and prints one JSON line an
// answer, or one with the error. Arguments: base URL, key, agent id, options as JSON:
// {turns: ["…"], stream, timeout, maxRetries, messages: [earlier ones], as: [[key, agent], …]
// to say the same in turn with each in place of the arguments}.
import OpenAI from "openai";

const [baseURL, key, agent, raw] = process.argv.slice(2);
const options = JSON.parse(raw);

async function talk(client, model, messages, turn) {
  messages.push({ role: "user", content: turn });
  let content = "";
  let chunks = 0;
  let finish = null;
  if (options.stream) {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    for await (const chunk of stream) {
      content += chunk.choices[0]?.delta?.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
      chunks++;
    }
  } else {
    const answer = await client.chat.completions.create({ model, messages });
    content = answer.choices[0].message.content;
    finish = answer.choices[0].finish_reason;
  }
  messages.push({ role: "assistant", content });
  console.log(JSON.stringify({ content, finish, chunks }));
}

for (const [apiKey, model] of options.as ?? [[key, agent]]) {
  const client = new OpenAI({ baseURL, apiKey, timeout: options.timeout ?? 10000, maxRetries: options.maxRetries ?? 2 });
  const messages = [...(options.messages ?? [])];
  try {
    for (const turn of options.turns) await talk(client, model, messages, turn);
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error; // a client that fails of itself fails the test
    console.log(JSON.stringify({ error: { status: error.status ?? 0, message: error.message, code: error.code ?? "" } }));
  }
}
