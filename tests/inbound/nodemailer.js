// Sends what standard input lists, a JSON array of [transport options, mail], one after the other, and prints what
// became of each: [true, the server's words] or [false, them].
const nodemailer = require('nodemailer');

async function main() {
  const outcomes = [];
  for (const [options, mail] of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
    const transport = nodemailer.createTransport(options);
    try {
      outcomes.push([true, (await transport.sendMail(mail)).response]);
    } catch (error) {
      outcomes.push([false, error.response || error.message]);
    }
    transport.close();
  }
  process.stdout.write(JSON.stringify(outcomes));
}

main();
