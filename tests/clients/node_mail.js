// Mailboxes and their people, of node's mail packages: smtp-server takes what comes, mailparser reads it, nodemailer
// writes. Lines of JSON come in, {id, what, ...}, and go out: {port}, {arrived: ...}, {id, done} or {id, refused}.
const [, folders] = process.argv;
const load = (name) => require(`${JSON.parse(folders)[name]}/${name}`);
const { SMTPServer } = load('smtp-server');
const { simpleParser } = load('mailparser');
const nodemailer = load('nodemailer');

const tell = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const oneLine = (text) => text.replace(/\r?\n(?=[ \t])/g, '').trim();
const mails = [];

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, session, callback) {
    const pieces = [];
    stream.on('data', (piece) => pieces.push(piece));
    stream.on('end', async () => {
      const raw = Buffer.concat(pieces);
      const mail = await simpleParser(raw);
      const headers = {};
      for (const { key, line } of mail.headerLines) headers[key] = oneLine(line.slice(line.indexOf(':') + 1));
      for (const { address } of session.envelope.rcptTo) {
        mails.push({ ...mail, recipient: address });
        tell({
          arrived: {
            number: mails.length - 1, sender: session.envelope.mailFrom.address, recipient: address,
            subject: mail.subject, author: mail.from.text, text: mail.text, html: mail.html || '', headers,
            raw: raw.toString('base64'),
          },
        });
      }
      callback(null, 'kept');
    });
  },
});

// As the web pages of large providers write an answer: the words above, the whole mail below, in text and in HTML.
function answering(mail, words) {
  const said = `On ${mail.date.toUTCString()}, ${mail.from.text} wrote:`;
  const html = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/\n/g, '<br>');
  return {
    from: mail.recipient,
    to: (mail.replyTo || mail.from).text,
    subject: /^re:/i.test(mail.subject) ? mail.subject : `Re: ${mail.subject}`,
    inReplyTo: mail.messageId,
    references: [].concat(mail.references || [], mail.messageId),
    text: `${words}\n\n${said}\n\n${mail.text.replace(/^/gm, '> ')}\n`,
    html:
      `<div dir="ltr">${html(words)}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">` +
      `${html(said)}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">${mail.html}</blockquote></div>`,
  };
}

async function handle({ id, what, door, mail, words, url, ...rest }) {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: door, ignoreTLS: true });
  try {
    if (what === 'look') return tell({ id, done: true });
    if (what === 'press') {
      const form = new FormData();
      form.append('List-Unsubscribe', 'One-Click');
      const answer = await fetch(url, { method: 'POST', body: form, redirect: 'error' });
      return tell({ id, done: answer.status });
    }
    const written = what === 'answer' ? answering(mails[mail], words) : rest;
    if (written.raw) written.raw = Buffer.from(written.raw, 'base64');
    tell({ id, done: (await transport.sendMail(written)).response });
  } catch (error) {
    tell({ id, refused: String(error.response || error.message) });
  } finally {
    transport.close();
  }
}

require('readline').createInterface({ input: process.stdin })
  .on('line', (line) => handle(JSON.parse(line)))
  .on('close', () => process.exit());
server.listen(0, '127.0.0.1', () => tell({ port: server.server.address().port }));
