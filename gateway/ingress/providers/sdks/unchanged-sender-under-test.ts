/** A program that sends by Twilio's SDK to Twilio's own host, and knows of nothing else. Its arguments: AccountSid, AuthToken, from, to. */
import twilio from 'twilio';

const [sid = '', token = '', from = '', to = ''] = process.argv.slice(2);
const { status } = await twilio(sid, token).messages.create({ from, to, body: 'Your table is ready.' });
process.stdout.write(status);
