// The emulator telegram-test-api. Arguments: port, bot's token. Each line of its input is what a customer says to the bot;
// each line of its output is what the bot says to them, as JSON.
const { createInterface } = require('node:readline');
const TelegramServer = require('telegram-test-api');

const [port, token] = process.argv.slice(2);

async function main() {
  const server = new TelegramServer({ port: Number(port), host: '127.0.0.1' });
  await server.start();
  const client = server.getClient(token, { userId: 7001, chatId: 7001, firstName: 'Ada', timeout: 60000 });
  console.log(JSON.stringify('ready'));
  for await (const line of createInterface({ input: process.stdin })) {
    await client.sendMessage(client.makeMessage(line));
    const { result } = await client.getUpdates();
    for (const { message } of result) console.log(JSON.stringify(message.text));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
