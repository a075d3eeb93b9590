// The client messaging-api-messenger against a fake. Arguments: address, token. Prints what it understood as JSON.
const { MessengerClient } = require('messaging-api-messenger');

const [origin, accessToken] = process.argv.slice(2);

async function main() {
  const client = new MessengerClient({ origin, accessToken, version: '25.0' });
  const person = '5678901234';
  const text = await client.sendText(person, 'Good morning.');
  const image = await client.sendImage(person, 'https://shop.example.com/lamp.png');
  const typing = await client.typingOn(person);
  const page = await client.getPageInfo();
  const profile = await client.getUserProfile(person);
  let refused;
  try {
    await client.sendText(person, 'Refused');
  } catch (error) {
    refused = error.message;
  }
  return { text, image, typing, page, profile, refused };
}

main().then(
  (found) => console.log(JSON.stringify(found)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
