// The client @kapso/whatsapp-cloud-api against a fake. Arguments: address, token, phone number id, business id, and a
// signed webhook: body, signature, app secret. Prints what it understood as JSON.
const { WhatsAppClient } = require('@kapso/whatsapp-cloud-api');
const { normalizeWebhook, verifySignature } = require('@kapso/whatsapp-cloud-api/server');

const [baseUrl, accessToken, phoneNumberId, businessAccountId, rawBody, signatureHeader, appSecret] = process.argv.slice(2);

async function main() {
  const client = new WhatsAppClient({ baseUrl, accessToken, graphVersion: 'v25.0' });
  const to = '16505551234';
  const text = await client.messages.sendText({ phoneNumberId, to, body: 'Good morning.' });
  const file = new Blob([Buffer.from('\x89PNG', 'latin1')], { type: 'image/png' });
  const upload = await client.media.upload({ phoneNumberId, type: 'image/png', file, fileName: 'lamp.png' });
  const image = await client.messages.sendImage({ phoneNumberId, to, image: { id: upload.id, caption: 'The lamp' } });
  const read = await client.messages.markRead({ phoneNumberId, messageId: 'wamid.ada1' });
  const templates = await client.templates.list({ businessAccountId });
  let refused;
  try {
    await client.messages.sendText({ phoneNumberId, to, body: 'Refused' });
  } catch (error) {
    refused = { status: error.httpStatus, code: error.code };
  }
  const { messages, statuses } = normalizeWebhook(JSON.parse(rawBody));
  return {
    text: text.messages[0].id,
    image: image.messages[0].id,
    read: read.success,
    templates: templates.data.map(({ name }) => name),
    refused,
    verified: verifySignature({ appSecret, rawBody, signatureHeader }),
    heard: messages.map(({ id, type, text }) => ({ id, type, text: text?.body })),
    statuses: statuses.length,
  };
}

main().then(
  (found) => console.log(JSON.stringify(found)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
